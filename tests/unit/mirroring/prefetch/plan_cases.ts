import type { PackageHistory } from "../../../../src/mirroring/cache/cache_index.ts";
import type { SyncDbPackage } from "../../../../src/formats/pacman/sync_db.ts";
import { PackageIndex } from "../../../../src/repositories/package_index.ts";
import {
  planPrefetch,
  type PrefetchLimits,
  type PrefetchPlan,
} from "../../../../src/mirroring/prefetch/prefetch_plan.ts";

export const DAY = 86_400_000;
/** When the plans are made. */
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
    size: 1000,
    sha256: null,
    buildDate: null,
    signature: null,
    depends: [],
    provides: [],
    replaces: [],
    ...more,
  };
}

/** The index of a database with these packages. */
export function indexOf(packages: readonly SyncDbPackage[]): PackageIndex {
  return new PackageIndex({ packages, problems: [] });
}

export interface Case {
  /** By directory. A directory that is missing has no earlier database. */
  before?: Record<string, SyncDbPackage[]>;
  /** By directory, in the order of the configuration. */
  after: Record<string, SyncDbPackage[]>;
  /** `directory/name version`, followed by a space and the SHA-256 if it is known. */
  cached?: string[];
  /** `directory/name version`. */
  pending?: string[];
  /** By `directory/name`; all other packages were asked for just now. */
  histories?: Record<string, Partial<PackageHistory>>;
  limits?: Partial<PrefetchLimits>;
  /** When everything cached was fetched. */
  fetchedAt?: number;
}

export function plan(
  { before, after, cached = [], pending = [], histories = {}, limits, fetchedAt = NOW }: Case,
): Promise<PrefetchPlan> {
  return planPrefetch({
    repositories: Object.entries(after).map(([directory, packages]) => ({
      directory,
      before: before?.[directory] === undefined ? null : indexOf(before[directory]),
      after: indexOf(packages),
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

/** The wishes of a plan, each as `directory/file: reason of package`, sorted. */
export function wanted(plan: PrefetchPlan): string[] {
  return plan.wanted.map(({ directory, fileName, reason, of }) =>
    `${directory}/${fileName.replace("-any.pkg.tar.zst", "")}: ${reason} of ${of}`
  ).sort();
}

/** The skipped packages of a plan, each as `directory/name: reason`, sorted. */
export function skipped(plan: PrefetchPlan): string[] {
  return plan.skipped.map(({ directory, name, reason }) => `${directory}/${name}: ${reason}`)
    .sort();
}

function located(text: string): { directory: string; fileName: string } {
  const [directory = "", rest = ""] = text.split("/");
  return { directory, fileName: entry(rest).fileName };
}
