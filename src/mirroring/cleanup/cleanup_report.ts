import type { LeftoverReason } from "../cache/leftovers.ts";
import type { Kept, RetentionReason } from "./retention.ts";

/** Why a file goes. */
export type RemovalReason = RetentionReason | LeftoverReason;

/** A file that goes, a package together with its signature. */
export interface Removal {
  /** Path below the cache's root. */
  readonly path: string;
  readonly bytes: number;
  readonly reason: RemovalReason;
  /** The reason in words. */
  readonly why: string;
}

/** A file that should have gone. */
export interface FailedRemoval {
  readonly path: string;
  readonly why: string;
}

/** What a cleanup did, or would do. */
export interface CleanupReport {
  readonly dryRun: boolean;
  readonly removed: readonly Removal[];
  readonly bytesFreed: number;
  /** Files that could not be removed. */
  readonly failed: readonly FailedRemoval[];
  /** How many files were left alone after all, as they were used or replaced in the meantime. */
  readonly skipped: number;
  readonly kept: Kept;
  /** Which limit could not be met and why; null when all are. */
  readonly unmet: string | null;
}
