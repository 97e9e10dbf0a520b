import type { SnapshotMember } from "../formats/pacman/repository_file_name.ts";

/**
 * A rollback: mirrors offer an older database than the published one. It is accepted only if they
 * keep doing so. Only mirroring has rollbacks.
 */
export interface Rollback {
  /** Since when, in milliseconds since the epoch. */
  since: number;
}

/** Where a database was copied from, to recognize it there. Only mirroring has origins. */
export interface Origin {
  /** Identifies the mirror; not its address, which may contain a password. */
  mirror: string;
  /** The strong entity tag from the mirror, or null. */
  etag: string | null;
  /** Its length in bytes. */
  size: number;
  /** When it was received, in milliseconds since the epoch. */
  receivedAt: number;
}

/** One file of a snapshot on disk. */
export interface MemberFile {
  /** Its name in the repository's snapshot directory. */
  blob: string;
  /** Its Last-Modified header, as sent by the origin; null if there was none. */
  lastModified: string | null;
}

/**
 * A repository's database, file list and their signatures at one time. This is also the format of
 * `current.json`, which other versions of pkgstash read. The store ignores the properties that only
 * mirroring uses.
 */
export interface Snapshot {
  /** Unique name; names sort in order of creation. */
  generation: string;
  /** Name of the mirror that it was copied from. Mirroring only. */
  mirror: string;
  /** When it was published, in milliseconds since the epoch. */
  publishedAt: number;
  /** SHA-256 of the database in lower-case hexadecimal. */
  sha256: string;
  /** The latest %BUILDDATE% in the database, in milliseconds since the epoch, or null. */
  newestBuildDate: number | null;
  /** Null while most mirrors agree with it. Mirroring only. */
  rollback: Rollback | null;
  /** Null in snapshots of older versions. Mirroring only. */
  origin: Origin | null;
  /** Which mirrors were configured when it was last confirmed; null if unknown. Mirroring only. */
  mirrorSet: string | null;
  /** SHA-256 of earlier databases, latest first. Mirroring only. */
  former: readonly string[];
  /** Whether a signature of the database is expected to appear on the mirrors. Mirroring only. */
  awaitsSignature: boolean;
  /**
   * Since when no mirror has had the repository, in milliseconds since the epoch; null while one
   * does. Mirroring only.
   */
  goneSince: number | null;
  /**
   * When a client last requested the file list, in milliseconds since the epoch; 0 for never.
   * Mirroring only.
   */
  filesAskedAt: number;
  members: { readonly db: MemberFile } & Readonly<Partial<Record<SnapshotMember, MemberFile>>>;
}

/** Defaults for what snapshots of older versions lack. */
export const SNAPSHOT_DEFAULTS = {
  origin: null,
  mirrorSet: null,
  former: [],
  awaitsSignature: false,
  goneSince: null,
} satisfies Partial<Snapshot>;
