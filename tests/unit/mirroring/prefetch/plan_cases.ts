import type { PackageHistory } from "../../../../src/mirroring/cache/cache_index.ts";
import type { SyncDbPackage } from "../../../../src/formats/pacman/sync_db.ts";
import {
  planPrefetch,
  type PrefetchLimits,
  type PrefetchPlan,
} from "../../../../src/mirroring/prefetch/prefetch_plan.ts";

export const DAY = 86_400_000;
/** The moment that plans are made at. */
export const NOW = 100 * DAY;
export const NO_LIMITS: PrefetchLimits = {
  prefetchMaxIdleMs: 0,
  prefetchMaxUnused: 0,
  prefetchMaxPackageBytes: 0,
};

/** A package of a database: `entry("foo 2-1", { depends: ["bar"] })`. */
export function entry(
  nameAndVersion: string,
  more: Partial<SyncDbPackage> = {},
): SyncDbPackage {
  const [name = "", version = ""] = nameAndVersion.split(" ");
  return {
    name,
    version,
    fileName: `${name}-${version}-any.pkg.tar.zst`,
    compressedSize: 1000,
    ...more,
  };
}

export interface Case {
  /** By directory, in order; `before` where a directory is missing is null. */
  before?: Record<string, SyncDbPackage[]>;
  after: Record<string, SyncDbPackage[]>;
  /** `directory/name version`, with a SHA-256 behind another space if it is known. */
  cached?: string[];
  /** `directory/name version`. */
  pending?: string[];
  /** By `directory/name`; what is not here was asked for just now. */
  histories?: Record<string, Partial<PackageHistory>>;
  limits?: Partial<PrefetchLimits>;
  /** When everything cached was fetched. */
  fetchedAt?: number;
}

export function plan(
  { before, after, cached = [], pending = [], histories = {}, limits, fetchedAt = NOW }: Case,
): PrefetchPlan {
  return planPrefetch({
    repositories: Object.entries(after).map(([directory, packages]) => ({
      directory,
      before: before?.[directory] ?? null,
      after: packages,
    })),
    cached: cached.map((text) => {
      const [name, version, sha256 = null] = text.split(" ");
      return { ...located(`${name} ${version}`), sha256, fetchedAt };
    }),
    pending: pending.map(located),
    historyOf: (directory, name) => ({
      askedAt: NOW,
      unusedPrefetches: 0,
      ...histories[`${directory}/${name}`],
    }),
    limits: { ...NO_LIMITS, ...limits },
    now: NOW,
  });
}

/** The plan in short: `directory/file: reason of`, sorted. */
export function wanted(plan: PrefetchPlan): string[] {
  return plan.wanted.map(({ directory, fileName, reason, of }) =>
    `${directory}/${fileName.replace("-any.pkg.tar.zst", "")}: ${reason} of ${of}`
  ).sort();
}

export function leftAlone(plan: PrefetchPlan): string[] {
  return plan.leftAlone.map(({ directory, name, reason }) => `${directory}/${name}: ${reason}`)
    .sort();
}

function located(text: string): { directory: string; fileName: string } {
  const [directory = "", rest = ""] = text.split("/");
  return { directory, fileName: entry(rest).fileName };
}
