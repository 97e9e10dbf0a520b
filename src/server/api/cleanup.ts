import { CLEAN_UP, type CleanupResult } from "../../api/cleanup.ts";
import type { CleanupReport } from "../../mirroring/cleanup/cleanup_report.ts";
import { handle, type Route } from "./route.ts";

export const cleanupRoutes: readonly Route[] = [
  handle(CLEAN_UP, async ({ query, mirroring: { cleanup } }) => {
    const isDryRun = query.dry_run === "true";
    return cleanupResult(isDryRun ? (await cleanup.plan()).report : await cleanup.run());
  }),
];

/** A report in the API's words. */
export function cleanupResult(report: CleanupReport): CleanupResult {
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
