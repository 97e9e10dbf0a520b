import { parseDependency } from "../../formats/pacman/dependency.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { TimeSlice } from "../../async/time_slice.ts";
import {
  type IndexedPackage,
  isSamePackage,
  type PackageIndex,
} from "../../repositories/package_index.ts";
import type { PackageHistory } from "../cache/cache_index.ts";
import {
  type CachedFile,
  type CachedPackage,
  type CachedPackages,
  type Databases,
  entryAt,
  groupCached,
  pathOf,
  sortedByPath,
} from "./cached_packages.ts";
import { closureOf, newDependencies } from "./new_dependencies.ts";
import { type LocatedPackage, PackageLookup } from "./package_lookup.ts";

/** The database of one repository: at the last plan, and now. */
export interface PlannedRepository {
  directory: string;
  /** Null if there was none, or it is no longer known. */
  before: PackageIndex | null;
  after: PackageIndex;
}

/** What not to prefetch; 0 is no limit. */
export interface PrefetchLimits {
  /** Since a client last requested the package. */
  prefetchMaxIdleMs: number;
  /** How many prefetched versions in a row no client has taken. */
  prefetchMaxUnused: number;
  /** Maximum size of the package file. */
  prefetchMaxPackageBytes: number;
}

export interface PrefetchPlanInput {
  /** All repositories of one upstream and architecture, in configuration order. */
  repositories: readonly PlannedRepository[];
  /** The cached files; those of other repositories are ignored. */
  cached: readonly CachedFile[];
  /** Files that earlier plans wanted and that have not been fetched yet. */
  pending: readonly { directory: string; fileName: string }[];
  /** What clients requested, by package name. */
  historyOf: (directory: string, name: string) => PackageHistory;
  limits: PrefetchLimits;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Why a file is wanted. */
export type WishReason =
  /** The database lists a file of the package other than the cached one. */
  | "new_version"
  /** It replaces a cached package that is no longer in any repository. */
  | "replaces"
  /** A cached package depends on it, and the previous version did not. */
  | "new_dependency";

/** A file to prefetch. */
export interface Wish {
  directory: string;
  fileName: string;
  reason: WishReason;
  /** The cached package for which it is fetched. */
  of: string;
  /**
   * When a client last requested that package, or when it was cached; milliseconds since the epoch.
   */
  askedAt: number;
  /** Bytes, according to the database; null if it does not say. */
  size: number | null;
}

/** A cached package that is not kept up to date. */
export interface SkippedPackage {
  directory: string;
  name: string;
  /** The file that would have been fetched; null if the package is in no database. */
  fileName: string | null;
  reason: "idle" | "unused" | "too_large" | "removed";
}

export interface PrefetchPlan {
  wanted: Wish[];
  skipped: SkippedPackage[];
}

/** A package that clients probably want. */
interface Demand {
  /** The package that clients took. */
  directory: string;
  name: string;
  /** What they would get for it now. */
  target: LocatedPackage;
  reason: "new_version" | "replaces";
  askedAt: number;
  unusedPrefetches: number;
}

/** A file that is wanted unless something speaks against it. */
interface Candidate {
  target: LocatedPackage;
  reason: WishReason;
  of: string;
  askedAt: number;
  refusal: "idle" | "unused" | null;
}

/** The input of a plan. */
type Facts = Omit<PrefetchPlanInput, "repositories" | "cached"> & {
  databases: Databases;
  cached: CachedPackages;
};

/**
 * Decides what to prefetch, from the previous and the present databases. Most cached packages are
 * current and unchanged; for these, only that is checked. The event loop runs in between.
 */
export async function planPrefetch(input: PrefetchPlanInput): Promise<PrefetchPlan> {
  const { repositories, limits } = input;
  const databases = {
    before: new PackageLookup(
      new Map(
        repositories.flatMap(({ directory, before }) =>
          before === null ? [] : [[directory, before]]
        ),
      ),
    ),
    after: new PackageLookup(
      new Map(repositories.map(({ directory, after }) => [directory, after])),
    ),
  };
  const directories = new Set(repositories.map(({ directory }) => directory));
  const cached = await groupCached(
    input.cached.filter(({ directory }) => directories.has(directory)),
    databases,
  );
  const facts = { ...input, databases, cached };
  const pending = await pendingPackages(facts);
  const { demands, removed } = await demandsOf(facts, pending);
  const candidates = [
    ...demands.filter((demand) => !isCached(cached, demand)).map((demand): Candidate => ({
      target: demand.target,
      reason: demand.reason,
      of: demand.name,
      askedAt: demand.askedAt,
      refusal: refusalOf(facts, demand),
    })),
    ...await dependencyCandidates(
      facts,
      demands.filter((demand) => refusalOf(facts, demand) === null),
      new Set(pending.map(({ entry }) => entry.name)),
    ),
  ];
  const { wanted, skipped } = decide(candidates, limits.prefetchMaxPackageBytes);
  return { wanted, skipped: [...removed, ...skipped] };
}

/**
 * Packages that earlier plans wanted and of which no version is cached, as the databases list them
 * now. A package with the same name in another repository is a different one.
 */
async function pendingPackages(
  { pending, databases, cached }: Facts,
): Promise<LocatedPackage[]> {
  return (await sortedByPath(pending)).flatMap(({ directory, fileName }) => {
    const entry = entryAt(databases, directory, fileName) ?? parsePackageFileName(fileName);
    if (entry === null || cached.packages.has(`${directory}/${entry.name}`)) return [];
    return databases.after.named(entry.name, directory) ?? [];
  });
}

/**
 * Packages that clients probably want, judging by the cache and by earlier plans, and those that
 * are cached but no longer in any database.
 */
async function demandsOf(
  facts: Facts,
  pending: readonly LocatedPackage[],
): Promise<{ demands: Demand[]; removed: SkippedPackage[] }> {
  const { before, after } = facts.databases;
  const demands: Demand[] = [];
  const removed: SkippedPackage[] = [];
  const needsPending = dependentsOf(pending);
  const slice = new TimeSlice();
  for (const cached of facts.cached.packages.values()) {
    if (slice.isOver) await slice.renew();
    const { directory, name, newest: { version } } = cached;
    const target = after.named(name, directory);
    if (target !== null) {
      // A cached, unchanged package can lack nothing except what earlier plans wanted.
      const previous = before.named(name, directory);
      const isSettled = isCached(facts.cached, { target, directory }) && previous !== null &&
        isSamePackage(previous.entry, target.entry) && !needsPending(target.entry);
      if (isSettled) continue;
      demands.push(demandOf(facts, cached, target, "new_version"));
      continue;
    }
    const replacers = after.replacersOf(name, version);
    for (const replacer of replacers) {
      demands.push(demandOf(facts, cached, replacer, "replaces"));
    }
    if (replacers.length === 0) {
      removed.push({ directory, name, fileName: null, reason: "removed" });
    }
  }
  // When a package is rebuilt under the same name, its cached file is removed at once. What remains
  // is the wish.
  for (const target of pending) {
    const { directory, entry: { name, fileName } } = target;
    const { askedAt, unusedPrefetches } = historyOf(facts, directory, fileName);
    if (askedAt === null) continue;
    demands.push({ directory, name, target, reason: "new_version", askedAt, unusedPrefetches });
  }
  return { demands, removed };
}

/** Whether a package depends on one of these, by its name or by what it provides. */
function dependentsOf(packages: readonly LocatedPackage[]): (entry: IndexedPackage) => boolean {
  const names = new Set(packages.flatMap(({ entry: { name, provides } }) => [
    name,
    ...provides.map((text) => parseDependency(text).name),
  ]));
  return ({ depends }) =>
    names.size > 0 && depends.some((text) => names.has(parseDependency(text).name));
}

function demandOf(
  facts: Facts,
  { directory, name, newest, firstFetchedAt }: CachedPackage,
  target: LocatedPackage,
  reason: Demand["reason"],
): Demand {
  const old = historyOf(facts, directory, newest.fileName);
  // Clients may already know a renamed or moved package by its new name or directory.
  const current = historyOf(facts, target.directory, target.entry.fileName);
  const askedAt = Math.max(old.askedAt ?? -Infinity, current.askedAt ?? -Infinity);
  return {
    directory,
    name,
    target,
    reason,
    askedAt: askedAt === -Infinity ? firstFetchedAt : askedAt,
    unusedPrefetches: Math.max(old.unusedPrefetches, current.unusedPrefetches),
  };
}

/** Dependencies of the demanded targets that their previous versions did not have. */
async function dependencyCandidates(
  facts: Facts,
  demands: readonly Demand[],
  pending: ReadonlySet<string>,
): Promise<Candidate[]> {
  const { databases: { before, after }, cached } = facts;
  let installedNames: ReadonlySet<string> | null = null;
  const installed = () => installedNames ??= installedBy(facts);
  const candidates: Candidate[] = [];
  const slice = new TimeSlice();
  for (const { target, directory, name, askedAt } of demands) {
    if (slice.isOver) await slice.renew();
    const previous = before.named(name, directory) ??
      before.named(target.entry.name, target.directory);
    const dependencies = newDependencies({
      target,
      previous,
      after,
      cachedNames: cached.names,
      installed,
      pending,
    });
    for (const dependency of dependencies) {
      const history = historyOf(facts, dependency.directory, dependency.entry.fileName);
      const refusal = isUnused(facts, history.unusedPrefetches) ? "unused" : null;
      candidates.push({ target: dependency, reason: "new_dependency", of: name, askedAt, refusal });
    }
  }
  return candidates;
}

/** Names of the cached packages and all their dependencies. */
function installedBy({ databases: { before }, cached }: Facts): ReadonlySet<string> {
  const packages = [...cached.packages.values()].flatMap(({ name, directory }) =>
    before.named(name, directory) ?? []
  );
  return closureOf(packages, before);
}

function refusalOf(facts: Facts, { askedAt, unusedPrefetches }: Demand): Candidate["refusal"] {
  const { limits: { prefetchMaxIdleMs }, now } = facts;
  if (prefetchMaxIdleMs > 0 && now - askedAt > prefetchMaxIdleMs) return "idle";
  return isUnused(facts, unusedPrefetches) ? "unused" : null;
}

function isUnused({ limits: { prefetchMaxUnused } }: Facts, count: number): boolean {
  return prefetchMaxUnused > 0 && count >= prefetchMaxUnused;
}

/** Whether the very file is cached, perhaps in the repository that the package has moved from. */
function isCached(
  { files }: CachedPackages,
  { target, directory: from }: Pick<Demand, "target" | "directory">,
): boolean {
  const { directory, entry: { fileName, sha256 } } = target;
  return [directory, from].some((directory) => {
    const file = files.get(pathOf({ directory, fileName }));
    if (file === undefined) return false;
    return file.sha256 === null || sha256 === null || file.sha256 === sha256;
  });
}

function historyOf(facts: Facts, directory: string, fileName: string): PackageHistory {
  return facts.historyOf(directory, parsePackageFileName(fileName)?.name ?? fileName);
}

/** Merges the candidates: a file is wanted if at least one is neither refused nor too large. */
function decide(candidates: readonly Candidate[], maxPackageBytes: number): PrefetchPlan {
  const wanted = new Map<string, Wish>();
  const skipped = new Map<string, SkippedPackage>();
  for (const { target: { directory, entry }, reason, of, askedAt, refusal } of candidates) {
    const { name, fileName, size } = entry;
    // Databases may list file names that pkgstash does not serve.
    if (parsePackageFileName(fileName) === null) continue;
    const path = pathOf({ directory, fileName });
    const isTooLarge = maxPackageBytes > 0 && size !== null && size > maxPackageBytes;
    const obstacle = refusal ?? (isTooLarge ? "too_large" : null);
    const known = wanted.get(path);
    if (obstacle !== null) {
      if (known === undefined) skipped.set(path, { directory, name, fileName, reason: obstacle });
      continue;
    }
    skipped.delete(path);
    if (known !== undefined && known.askedAt >= askedAt) continue;
    wanted.set(path, {
      directory,
      fileName,
      reason: known?.reason ?? reason,
      of: known?.of ?? of,
      askedAt,
      size,
    });
  }
  return { wanted: [...wanted.values()], skipped: [...skipped.values()] };
}
