import { type Dependency, isSatisfiedBy } from "../../formats/pacman/dependency.ts";
import type { IndexedPackage, PackageIndex } from "../../repositories/package_index.ts";

/** A package of a database, and its repository's directory. */
export interface LocatedPackage {
  readonly directory: string;
  readonly entry: IndexedPackage;
}

/**
 * The packages of the repositories that a machine uses together. As in pacman, of two packages with
 * the same name, the one in the earlier repository wins. Creating a lookup costs nothing: it uses
 * the indexes of the databases.
 */
export class PackageLookup {
  readonly #repositories: ReadonlyMap<string, PackageIndex>;

  /** By directory, in configuration order. */
  constructor(repositories: ReadonlyMap<string, PackageIndex>) {
    this.#repositories = repositories;
  }

  /** The package with this file name in the database of the directory; null if there is none. */
  atFile(directory: string, fileName: string): IndexedPackage | null {
    return this.#repositories.get(directory)?.packages.get(fileName) ?? null;
  }

  /** The package with this name, preferably from `directory`; null if there is none. */
  named(name: string, directory: string): LocatedPackage | null {
    const own = this.#repositories.get(directory)?.byName.get(name);
    return own === undefined ? this.#allNamed(name)[0] ?? null : { directory, entry: own };
  }

  /** The packages whose `%REPLACES%` match this version of a package. */
  replacersOf(name: string, version: string): LocatedPackage[] {
    return this.#located((index) => index.replacersOf(name, version));
  }

  /**
   * The packages that satisfy a dependency, in pacman's order of preference: those with that name,
   * otherwise those that provide it.
   */
  satisfiersOf(dependency: Dependency): LocatedPackage[] {
    const named = this.#allNamed(dependency.name)
      .filter(({ entry }) => isSatisfiedBy(dependency, entry));
    return named.length > 0 ? named : this.#located((index) => index.providersOf(dependency));
  }

  #allNamed(name: string): LocatedPackage[] {
    return this.#located((index) => {
      const entry = index.byName.get(name);
      return entry === undefined ? [] : [entry];
    });
  }

  #located(find: (index: PackageIndex) => readonly IndexedPackage[]): LocatedPackage[] {
    const found: LocatedPackage[] = [];
    for (const [directory, index] of this.#repositories) {
      for (const entry of find(index)) found.push({ directory, entry });
    }
    return found;
  }
}
