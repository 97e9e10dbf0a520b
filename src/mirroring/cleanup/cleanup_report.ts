import type { LeftoverReason } from "../cache/leftovers.ts";
import type { Kept, RetentionReason } from "./retention.ts";

/** Why a file is removed. */
export type RemovalReason = RetentionReason | LeftoverReason;

/** A removed file; a package together with its signature. */
export interface Removal {
  /** Path below the cache's root. */
  readonly path: string;
  /** Of the file, or of the package and its signature. */
  readonly bytes: number;
  readonly reason: RemovalReason;
  /** The reason in words. */
  readonly why: string;
}

/** A file that could not be removed. */
export interface FailedRemoval {
  /** Path below the cache's root. */
  readonly path: string;
  readonly why: string;
}

/** What a cleanup did, or would do. */
export interface CleanupReport {
  /** ID of the plan: the same if the same files are removed for the same reasons. */
  readonly plan: string;
  readonly dryRun: boolean;
  readonly removed: readonly Removal[];
  readonly bytesFreed: number;
  readonly failed: readonly FailedRemoval[];
  /** Number of files not removed after all, because they were used or replaced meanwhile. */
  readonly skipped: number;
  readonly kept: Kept;
  /** Which limit could not be met, and why; null if all are met. */
  readonly unmet: string | null;
}
