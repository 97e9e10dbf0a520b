import type { SyncDbPackage } from "../../../src/formats/pacman/sync_db.ts";
import { naiveOrder } from "../../support/naive_order.ts";

/** A package that should be in the cache. */
export interface ExpectedFile {
  name: string;
  version: string;
  sha256: string;
}

/** The expected outcome of a refresh, in file names. */
export interface ExpectedRefresh {
  /** Cached, but rebuilt under the same name. */
  rebuilt: string[];
  /** To be requested from the mirror. */
  wanted: string[];
  /** The wanted packages that the mirror has. */
  fetched: string[];
  removed: string[];
}

/**
 * The rules of prefetching and cleanup for one repository, written a second time and without the
 * program's own functions: from its databases and the mirror's packages alone. Nothing is limited here except the versions to keep.
 */
export class HistoryExpectation {
  /** By file name. */
  readonly cached = new Map<string, ExpectedFile>();
  /** Names of packages that were wanted, but that the mirror lacked. */
  #pending = new Set<string>();
  #previous: readonly SyncDbPackage[] = [];

  readonly #keepVersions: number;

  constructor(keepVersions: number) {
    this.#keepVersions = keepVersions;
  }

  /** Refreshes the expected cache. `offered` has the SHA-256 of the mirror's packages by file name. */
  refresh(
    packages: readonly SyncDbPackage[],
    offered: ReadonlyMap<string, string>,
  ): ExpectedRefresh {
    const byFile = new Map(packages.map((entry) => [entry.fileName, entry]));
    const rebuilt = [...this.cached].flatMap(([fileName, { sha256 }]) => {
      const entry = byFile.get(fileName);
      return entry === undefined || entry.sha256 === sha256 ? [] : [fileName];
    });
    const names = new Set(this.#pending);
    for (const { name } of this.cached.values()) names.add(name);
    for (const fileName of rebuilt) this.cached.delete(fileName);

    const wanted = packages.filter((entry) => this.#isWanted(entry, names, packages))
      .map(({ fileName }) => fileName);
    const fetched = wanted.filter((name) => offered.get(name) === byFile.get(name)!.sha256);
    for (const fileName of fetched) this.recordFetch(byFile.get(fileName)!);
    this.#pending = new Set(
      wanted.filter((fileName) => !fetched.includes(fileName))
        .map((fileName) => byFile.get(fileName)!.name),
    );
    this.#previous = packages;
    return { rebuilt, wanted, fetched, removed: this.#clean(byFile) };
  }

  /** Whether a version of a package is cached, or wanted and not on the mirror yet. */
  isFollowed(name: string): boolean {
    return this.#pending.has(name) || [...this.cached.values()].some((file) => file.name === name);
  }

  /** Records that a package has been fetched. */
  recordFetch({ name, version, fileName, sha256 }: SyncDbPackage): void {
    this.cached.set(fileName, { name, version, sha256: sha256! });
  }

  #isWanted(
    { name, fileName, replaces = [] }: SyncDbPackage,
    names: ReadonlySet<string>,
    packages: readonly SyncDbPackage[],
  ): boolean {
    if (this.cached.has(fileName)) return false;
    const isListed = (other: string) => packages.some((entry) => entry.name === other);
    return names.has(name) ||
      replaces.map(nameOf)
        .some((other) => names.has(other) && !isListed(other)) ||
      packages.some((holder) => names.has(holder.name) && this.#isNewDependency(name, holder));
  }

  #isNewDependency(name: string, holder: SyncDbPackage): boolean {
    const before = this.#previous.find((entry) => entry.name === holder.name);
    if (before === undefined) return false;
    const namesOf = ({ depends = [] }: SyncDbPackage) => depends.map(nameOf);
    return namesOf(holder).includes(name) && !namesOf(before).includes(name);
  }

  /** Removes old versions beyond the newest `keepVersions` of each package; returns their names. */
  #clean(byFile: ReadonlyMap<string, SyncDbPackage>): string[] {
    const old = [...this.cached].filter(([fileName]) => !byFile.has(fileName));
    const removed: string[] = [];
    for (const versions of Map.groupBy(old, ([, { name }]) => name).values()) {
      versions.sort(([, a], [, b]) => naiveOrder(b.version, a.version));
      for (const [fileName] of versions.slice(this.#keepVersions)) removed.push(fileName);
    }
    for (const fileName of removed) this.cached.delete(fileName);
    return removed;
  }
}

/** The name in a dependency such as `glibc>=2.38`. */
function nameOf(dependency: string): string {
  return dependency.split(/[<>=]/)[0]!;
}
