import type { LeftoverReason } from "../cache/leftovers.ts";
import type { Kept, RetentionReason } from "./retention.ts";

/** Why a file is removed. */
export type RemovalReason = RetentionReason | LeftoverReason;

/** A file that is removed; a package together with its signature. */
export interface Removal {
  /** Path below the cache's root. */
  readonly path: string;
  /** Of the file; of the package and its signature. */
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
  readonly dryRun: boolean;
  readonly removed: readonly Removal[];
  readonly bytesFreed: number;
  readonly failed: readonly FailedRemoval[];
  /** How many files were not removed after all because they were used or replaced meanwhile. */
  readonly skipped: number;
  readonly kept: Kept;
  /** Which limit could not be met, and why; null if all are met. */
  readonly unmet: string | null;
}

/** A cleanup as the API tells of it; sizes are in bytes. */
export interface CleanupReportJson {
  dry_run: boolean;
  bytes_freed: number;
  files: { path: string; bytes: number; reason: RemovalReason; why: string }[];
  failed: { path: string; why: string }[];
  skipped: number;
  /** Packages that stay; one may be current, pinned and in flight at once. */
  kept: { files: number; bytes: number; current: number; pinned: number; in_flight: number };
  unmet: string | null;
}

export function cleanupReportJson(report: CleanupReport): CleanupReportJson {
  const { files, bytes, current, pinned, inFlight } = report.kept;
  return {
    dry_run: report.dryRun,
    bytes_freed: report.bytesFreed,
    files: report.removed.map(({ path, bytes, reason, why }) => ({ path, bytes, reason, why })),
    failed: report.failed.map(({ path, why }) => ({ path, why })),
    skipped: report.skipped,
    kept: { files, bytes, current, pinned, in_flight: inFlight },
    unmet: report.unmet,
  };
}
