import type { SnapshotMember } from "../formats/pacman/repository_file_name.ts";

/**
 * Most mirrors offer older databases than the published one. One of theirs replaces it only if they
 * keep doing so. Only mirroring has rollbacks.
 */
export interface Rollback {
  /** Since when, in milliseconds since the epoch. */
  since: number;
}

/** Where a database was copied from, to recognise it there. Only mirroring has origins. */
export interface Origin {
  /** What tells the mirror from others; not its address, which may contain a password. */
  mirror: string;
  /** The strong entity tag that the mirror gave it, or null. */
  etag: string | null;
  /** Its length in bytes. */
  size: number;
  /** When its bytes were received, in milliseconds since the epoch. */
  receivedAt: number;
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
 * the format of `current.json`: other versions of pkgstash read it. The store does not look at what
 * serves mirroring only.
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
  /** Null while most mirrors agree with it. Mirroring's. */
  rollback: Rollback | null;
  /** Null in snapshots of older versions. Mirroring's. */
  origin: Origin | null;
  /** Which mirrors were configured when it was last confirmed; null if unknown. Mirroring's. */
  mirrorSet: string | null;
  /** SHA-256 of the databases before it, the latest first. Mirroring's. */
  former: readonly string[];
  /** Whether a signature of the database is expected to appear on the mirrors. Mirroring's. */
  awaitsSignature: boolean;
  /**
   * Since when no mirror has the repository anymore, in milliseconds since the epoch; null while one
   * has. Mirroring's.
   */
  goneSince: number | null;
  /**
   * When a client last requested the file list, in ms since the epoch; 0 for never. Mirroring's.
   */
  filesAskedAt: number;
  members: { readonly db: MemberFile } & Readonly<Partial<Record<SnapshotMember, MemberFile>>>;
}

/** What snapshots of older versions lack. */
export const SNAPSHOT_DEFAULTS = {
  origin: null,
  mirrorSet: null,
  former: [],
  awaitsSignature: false,
  goneSince: null,
} satisfies Partial<Snapshot>;
