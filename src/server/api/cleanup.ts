import {
  CLEAN_UP,
  type CleanupLimits,
  type CleanupResult,
  LIST_CLEANUPS,
  LIST_REMOVALS,
  SHOW_CLEANUP_LIMITS,
} from "../../api/cleanup.ts";
import { PkgstashError } from "../../errors.ts";
import type { CleanupReport } from "../../mirroring/cleanup/cleanup_report.ts";
import { freeSpace } from "../../platform/files/free_space.ts";
import type { Context } from "../context.ts";
import { handle, type Route } from "./route.ts";
import { timestamp, timestampOrNull } from "./timestamp.ts";
import { wordsOf } from "./words.ts";

/** Maximum age of the cache's size. */
const MAX_SIZE_AGE_MS = 5_000;

export const cleanupRoutes: readonly Route[] = [
  handle(CLEAN_UP, async ({ query: { dry_run, plan }, mirroring: { cleanup }, ...call }) => {
    if (dry_run === "true") {
      if (plan !== undefined) {
        throw new PkgstashError(
          "invalid_request",
          "Cannot apply a plan in a dry run. Omit dry_run or plan.",
        );
      }
      call.changesNothing();
      return cleanupResult((await cleanup.plan()).report);
    }
    const report = await cleanup.run({ ...(plan === undefined ? {} : { plan }) });
    call.note({ files: report.removed.length, bytes_freed: report.bytesFreed });
    return cleanupResult(report);
  }),
  handle(LIST_CLEANUPS, ({ query, mirroring: { index } }) => ({
    runs: index.removals.cleanups(query).map((run) => ({
      number: run.number,
      at: timestamp(run.at),
      duration_ms: run.durationMs,
      cause: run.cause,
      files: run.removed.reduce((sum, { files }) => sum + files, 0),
      bytes_freed: run.removed.reduce((sum, { bytes }) => sum + bytes, 0),
      removed: [...run.removed],
      failed: run.failed,
      failures: [...run.failures],
      skipped: run.skipped,
      unmet: run.unmet,
    })),
  })),
  handle(LIST_REMOVALS, ({ query: { q, run, limit, before }, mirroring: { index } }) => ({
    removals: index.removals.removals({
      words: wordsOf(q),
      cleanup: run === 0 ? null : run,
      limit,
      before,
    }).map(({ at, ...removal }) => ({ ...removal, at: timestamp(at) })),
  })),
  handle(SHOW_CLEANUP_LIMITS, (call) => limitsOf(call)),
];

async function limitsOf({ config, mirroring }: Context): Promise<CleanupLimits> {
  const { maxCacheBytes, cacheLowWaterPercent, minFreeBytes, maxCacheAgeMs, keepVersions } = config;
  const bytes = await mirroring.cacheSize.bytes(MAX_SIZE_AGE_MS);
  const limitOrNull = (limit: number) => limit === 0 ? null : limit;
  return {
    cache_bytes: Number.isNaN(bytes) ? null : bytes,
    max_cache_bytes: limitOrNull(maxCacheBytes),
    low_water_bytes: limitOrNull(Math.floor(maxCacheBytes * cacheLowWaterPercent / 100)),
    free_bytes: await freeSpace(mirroring.layout.root),
    min_free_bytes: limitOrNull(minFreeBytes),
    max_age_ms: limitOrNull(maxCacheAgeMs),
    keep_versions: keepVersions,
    next_at: timestampOrNull(mirroring.nextRefreshAt),
  };
}

/** A report in the API's terms. */
export function cleanupResult(report: CleanupReport): CleanupResult {
  const { files, bytes, current, pinned, inFlight } = report.kept;
  return {
    plan: report.plan,
    dry_run: report.dryRun,
    bytes_freed: report.bytesFreed,
    files: report.removed.map(({ path, bytes, reason, why }) => ({ path, bytes, reason, why })),
    failed: report.failed.map(({ path, why }) => ({ path, why })),
    skipped: report.skipped,
    kept: { files, bytes, current, pinned, in_flight: inFlight },
    unmet: report.unmet,
  };
}
