import type { PackageHistory } from "../cache/cache_index.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import type { SyncDbPackage } from "../../formats/pacman/sync_db.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import { closureOf, newDependencies } from "./new_dependencies.ts";
import { type LocatedPackage, PackageLookup } from "./package_lookup.ts";

/** One repository's databases: the one that the last plan was made with, and the one of now. */
export interface PlannedRepository {
  directory: string;
  /** Null when there was none, or it is no longer known. */
  before: readonly SyncDbPackage[] | null;
  after: readonly SyncDbPackage[];
}

/** A package file in the cache. */
export interface CachedPackage {
  directory: string;
  fileName: string;
  /** Lower-case hexadecimal; null when not known. */
  sha256: string | null;
  /** Milliseconds since the epoch. */
  fetchedAt: number;
}

/** Which packages are left alone; 0 is no limit in each. */
export interface PrefetchLimits {
  /** Milliseconds since a client last asked for the package. */
  prefetchMaxIdleMs: number;
  /** Prefetched versions in a row that nobody took. */
  prefetchMaxUnused: number;
  /** Bytes of the package file. */
  prefetchMaxPackageBytes: number;
}

export interface PrefetchPlanInput {
  /** All repositories of one upstream and architecture, in the order of the configuration. */
  repositories: readonly PlannedRepository[];
  /** What is cached of them; other directories are passed over. */
  cached: readonly CachedPackage[];
  /** What earlier plans wanted and nobody has fetched yet. */
  pending: readonly { directory: string; fileName: string }[];
  historyOf: (directory: string, name: string) => PackageHistory;
  limits: PrefetchLimits;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Why a file is wanted. */
export type WishReason =
  /** The database names another file than the cached one of the package. */
  | "new_version"
  /** It replaces a cached package that no repository has any more. */
  | "replaces"
  /** A cached package depends on it, and its version before did not. */
  | "new_dependency";

/** A file to be fetched before anyone asks. */
export interface Wish {
  directory: string;
  fileName: string;
  reason: WishReason;
  /** The cached package on whose account. */
  of: string;
  /** When a client last asked for that one, or since when it is cached; ms since the epoch. */
  askedAt: number;
  /** Bytes by the database, or null. */
  size: number | null;
}

/** A cached package that is not brought up to date. */
export interface LeftAlone {
  directory: string;
  name: string;
  /** What would have been fetched; null when the databases name nothing. */
  fileName: string | null;
  reason: "idle" | "unused" | "too_large" | "removed";
}

export interface PrefetchPlan {
  wanted: Wish[];
  leftAlone: LeftAlone[];
}

/** A package that clients are taken to want, and what they would get. */
interface Demand {
  directory: string;
  name: string;
  reason: "new_version" | "replaces";
  target: LocatedPackage;
  askedAt: number;
  unused: number;
}

/** What to fetch before anyone asks for it, told from two states of the databases. */
export function planPrefetch(input: PrefetchPlanInput): PrefetchPlan {
  return new Planning(input).plan();
}

class Planning {
  readonly #before: PackageLookup;
  readonly #after: PackageLookup;
  readonly #directories: ReadonlySet<string>;
  /** Newest cached file of each package, by directory and name. */
  readonly #newest = new Map<string, { file: CachedPackage; name: string; version: string }>();
  readonly #oldestFetch = new Map<string, number>();
  readonly #cachedNames = new Set<string>();
  readonly #cachedFiles = new Map<string, CachedPackage>();
  #installedNames: ReadonlySet<string> | null = null;
  readonly #wanted = new Map<string, Wish>();
  readonly #leftAlone = new Map<string, LeftAlone>();

  constructor(private readonly input: PrefetchPlanInput) {
    const { repositories } = input;
    this.#directories = new Set(repositories.map(({ directory }) => directory));
    this.#after = new PackageLookup(
      repositories.map(({ directory, after }) => ({ directory, packages: after })),
    );
    this.#before = new PackageLookup(
      repositories.map(({ directory, before }) => ({ directory, packages: before ?? [] })),
    );
    for (const file of sorted(input.cached)) {
      if (this.#directories.has(file.directory)) this.#addCached(file);
    }
  }

  plan(): PrefetchPlan {
    const live: Demand[] = [];
    for (const demand of this.#demands()) {
      const { target } = demand;
      const refusal = this.#refusalOf(demand);
      if (refusal === null) live.push(demand);
      if (this.#isCached(target, demand.directory)) continue;
      this.#decide(target, demand, refusal);
    }
    const pending = new Set(this.#pending().map(({ entry }) => entry.name));
    for (const { target, name, directory, askedAt } of live) {
      const dependencies = newDependencies({
        target,
        previous: this.#previousOf(target, name, directory),
        after: this.#after,
        cachedNames: this.#cachedNames,
        installed: () => this.#installed(),
        pending,
      });
      for (const dependency of dependencies) {
        const history = this.#historyOf(dependency.directory, dependency.entry.fileName);
        const source = { reason: "new_dependency" as const, name, askedAt };
        const unused = this.#isUnused(history.unusedPrefetches) ? "unused" as const : null;
        this.#decide(dependency, source, unused);
      }
    }
    return { wanted: [...this.#wanted.values()], leftAlone: [...this.#leftAlone.values()] };
  }

  #addCached(file: CachedPackage): void {
    const { directory, fileName, fetchedAt } = file;
    const parsed = parsePackageFileName(fileName);
    if (parsed === null) return;
    const { name, version } = this.#entryAt(directory, fileName) ?? parsed;
    this.#cachedNames.add(name);
    this.#cachedFiles.set(pathOf(file), file);
    const key = `${directory}/${name}`;
    this.#oldestFetch.set(key, Math.min(fetchedAt, this.#oldestFetch.get(key) ?? Infinity));
    const newest = this.#newest.get(key);
    if (newest === undefined || vercmp(version, newest.version) > 0) {
      this.#newest.set(key, { file, name, version });
    }
  }

  /** What clients are taken to want, on account of what is cached and of what was wanted before. */
  *#demands(): Generator<Demand> {
    for (const [key, { file, name, version }] of this.#newest) {
      const { directory } = file;
      const { askedAt, unusedPrefetches } = this.#historyOf(directory, file.fileName);
      const demand = (reason: Demand["reason"], target: LocatedPackage): Demand => {
        // A package that goes by another name or directory now has been asked for by that as well.
        const own = this.#historyOf(target.directory, target.entry.fileName);
        const asked = Math.max(askedAt ?? -Infinity, own.askedAt ?? -Infinity);
        return {
          directory,
          name,
          reason,
          target,
          askedAt: asked === -Infinity ? this.#oldestFetch.get(key)! : asked,
          unused: Math.max(unusedPrefetches, own.unusedPrefetches),
        };
      };
      const target = this.#after.named(name, directory);
      if (target !== null) {
        yield demand("new_version", target);
        continue;
      }
      const replacers = this.#after.replacersOf(name, version);
      for (const replacer of replacers) yield demand("replaces", replacer);
      if (replacers.length === 0) {
        this.#leftAlone.set(key, { directory, name, fileName: null, reason: "removed" });
      }
    }
    // The cached file of a package that was rebuilt under the same name goes at once, and what
    // remains of it is the wish.
    for (const target of this.#pending()) {
      const { directory, entry: { name, fileName } } = target;
      const { askedAt, unusedPrefetches: unused } = this.#historyOf(directory, fileName);
      if (askedAt === null) continue;
      yield { directory, name, reason: "new_version", target, askedAt, unused };
    }
  }

  /**
   * Packages wanted before of which no version is cached, as the databases name them now. Another
   * repository's package of that name is another package.
   */
  *#pending(): Generator<LocatedPackage> {
    for (const { directory, fileName } of sorted(this.input.pending)) {
      const name = (this.#entryAt(directory, fileName) ?? parsePackageFileName(fileName))?.name;
      if (name === undefined || this.#newest.has(`${directory}/${name}`)) continue;
      const target = this.#after.named(name, directory);
      if (target !== null) yield target;
    }
  }

  #refusalOf({ askedAt, unused }: Demand): "idle" | "unused" | null {
    const { limits: { prefetchMaxIdleMs }, now } = this.input;
    if (prefetchMaxIdleMs > 0 && now - askedAt > prefetchMaxIdleMs) return "idle";
    return this.#isUnused(unused) ? "unused" : null;
  }

  #isUnused(count: number): boolean {
    const { prefetchMaxUnused } = this.input.limits;
    return prefetchMaxUnused > 0 && count >= prefetchMaxUnused;
  }

  #decide(
    { directory, entry: { fileName, name, compressedSize } }: LocatedPackage,
    source: { reason: WishReason; name: string; askedAt: number },
    refusal: "idle" | "unused" | null,
  ): void {
    // The database may have names that no client is given here.
    if (parsePackageFileName(fileName) === null) return;
    const key = pathOf({ directory, fileName });
    const size = compressedSize ?? null;
    const { prefetchMaxPackageBytes: largest } = this.input.limits;
    const tooLarge = largest > 0 && size !== null && size > largest;
    const reason = refusal ?? (tooLarge ? "too_large" : null);
    const known = this.#wanted.get(key);
    if (reason !== null) {
      if (known === undefined) this.#leftAlone.set(key, { directory, name, fileName, reason });
      return;
    }
    this.#leftAlone.delete(key);
    const { askedAt } = source;
    if (known !== undefined && known.askedAt >= askedAt) return;
    this.#wanted.set(key, {
      directory,
      fileName,
      reason: known?.reason ?? source.reason,
      of: known?.of ?? source.name,
      askedAt,
      size,
    });
  }

  /** Whether the very file is cached, were it in the repository that the package has moved from. */
  #isCached({ directory, entry: { fileName, sha256sum } }: LocatedPackage, from: string): boolean {
    return [directory, from].some((directory) => {
      const file = this.#cachedFiles.get(pathOf({ directory, fileName }));
      if (file === undefined) return false;
      return file.sha256 === null || sha256sum === undefined || file.sha256 === sha256sum;
    });
  }

  /** What the database before had in the stead of a package that is wanted now. */
  #previousOf(target: LocatedPackage, name: string, directory: string): LocatedPackage | null {
    return this.#before.named(name, directory) ??
      this.#before.named(target.entry.name, target.directory);
  }

  /** Names of all that those who have the cached packages need to have for them. */
  #installed(): ReadonlySet<string> {
    this.#installedNames ??= closureOf(
      [...this.#newest.values()].flatMap(({ name, file: { directory } }) =>
        this.#before.named(name, directory) ?? []
      ),
      this.#before,
    );
    return this.#installedNames;
  }

  #entryAt(directory: string, fileName: string): SyncDbPackage | null {
    return (this.#after.atFile(directory, fileName) ?? this.#before.atFile(directory, fileName))
      ?.entry ?? null;
  }

  #historyOf(directory: string, fileName: string): PackageHistory {
    return this.input.historyOf(directory, parsePackageFileName(fileName)?.name ?? fileName);
  }
}

function pathOf({ directory, fileName }: { directory: string; fileName: string }): string {
  return `${directory}/${fileName}`;
}

/** So that the plan does not depend on the order in which files are listed. */
function sorted<T extends { directory: string; fileName: string }>(files: readonly T[]): T[] {
  return files.toSorted((a, b) => pathOf(a) < pathOf(b) ? -1 : 1);
}
