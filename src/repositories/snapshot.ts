import type { SnapshotMember } from "../formats/pacman/repository_file_name.ts";

/** An older database that mirrors offer in the place of the served one; times in ms since epoch. */
export interface Rollback {
  /** What the offered database is dated. */
  offered: number;
  /** Since when nobody has offered anything newer. */
  since: number;
}

/** One file of a snapshot as it lies on disk. */
export interface MemberFile {
  /** Name in the repository's snapshot directory. */
  blob: string;
  /** The mirror's Last-Modified header, or null. */
  lastModified: string | null;
}

/** A repository's database, file list and signatures as one mirror had them at one time. */
export interface Snapshot {
  /** Name of the set, in the order of publication. */
  generation: string;
  /** Name of the mirror that it was copied from. */
  mirror: string;
  /** When it was published, in milliseconds since the epoch. */
  publishedAt: number;
  /** SHA-256 of the database, lower-case hexadecimal. */
  sha256: string;
  /** The latest %BUILDDATE% in it, in milliseconds since the epoch, or null. */
  newestBuildDate: number | null;
  /** An older database that mirrors have been offering since, or null. */
  rollback: Rollback | null;
  /** When a client last asked for the file list, in milliseconds since the epoch; 0 for never. */
  filesAskedAt: number;
  members: { readonly db: MemberFile } & Readonly<Partial<Record<SnapshotMember, MemberFile>>>;
}
