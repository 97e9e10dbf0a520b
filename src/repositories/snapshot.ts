import type { SnapshotMember } from "../formats/pacman/repository_file_name.ts";

/**
 * Mirrors offer an older database than the published one. It replaces that one only if they keep
 * doing so. Only mirroring has rollbacks.
 */
export interface Rollback {
  /** Date of the offered database, in milliseconds since the epoch. */
  offered: number;
  /** Since when no mirror has offered anything newer, in milliseconds since the epoch. */
  since: number;
}

/** One file of a snapshot on disk. */
export interface MemberFile {
  /** Its name in the repository's snapshot directory. */
  blob: string;
  /** Its Last-Modified header, as the origin wrote it; null if there was none. */
  lastModified: string | null;
}

/**
 * A repository's database, file list and their signatures, as they were at one time. This is also
 * the format of `current.json`: other versions of pkgstash read it. `mirror`, `rollback` and
 * `filesAskedAt` serve mirroring only, and the store does not look at them.
 */
export interface Snapshot {
  /** Unique name; the names sort in the order of their creation. */
  generation: string;
  /** Name of the mirror that it was copied from. Mirroring's. */
  mirror: string;
  /** When it was published, in milliseconds since the epoch. */
  publishedAt: number;
  /** SHA-256 of the database in lower-case hexadecimal. */
  sha256: string;
  /** The latest %BUILDDATE% in the database, in milliseconds since the epoch, or null. */
  newestBuildDate: number | null;
  /** The older database that mirrors offer at present, or null. Mirroring's. */
  rollback: Rollback | null;
  /**
   * When a client last requested the file list, in ms since the epoch; 0 for never. Mirroring's.
   */
  filesAskedAt: number;
  members: { readonly db: MemberFile } & Readonly<Partial<Record<SnapshotMember, MemberFile>>>;
}
