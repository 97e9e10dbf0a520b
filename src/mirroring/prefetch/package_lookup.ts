import {
  type Dependency,
  isProvidedBy,
  isSatisfiedBy,
  parseDependency,
} from "../../formats/pacman/dependency.ts";
import type { SyncDbPackage } from "../../formats/pacman/sync_db.ts";

/** A package of a database, and the directory of the repository. */
export interface LocatedPackage {
  directory: string;
  entry: SyncDbPackage;
}

/**
 * The packages of the repositories that a machine uses together. As in pacman, of two packages with
 * the same name the one in the earlier repository wins.
 */
export class PackageLookup {
  readonly #all: LocatedPackage[] = [];
  readonly #byName = new Map<string, LocatedPackage[]>();
  readonly #byFile = new Map<string, LocatedPackage>();
  #byProvision: Map<string, Related[]> | null = null;
  #byReplaced: Map<string, Related[]> | null = null;

  constructor(
    repositories: Iterable<{ directory: string; packages: readonly SyncDbPackage[] }>,
  ) {
    for (const { directory, packages } of repositories) {
      // pacman sorts by name as well, so the first provider here is the one that it offers first.
      for (const entry of packages.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
        const located = { directory, entry };
        this.#all.push(located);
        add(this.#byName, entry.name, located);
        this.#byFile.set(`${directory}/${entry.fileName}`, located);
      }
    }
  }

  /** The package whose file has this name in the database of the directory; null if none has. */
  atFile(directory: string, fileName: string): LocatedPackage | null {
    return this.#byFile.get(`${directory}/${fileName}`) ?? null;
  }

  /** The package of this name, preferably from `directory`; null if there is none. */
  named(name: string, directory: string): LocatedPackage | null {
    const found = this.#byName.get(name) ?? [];
    return found.find((located) => located.directory === directory) ?? found[0] ?? null;
  }

  /** The packages whose `%REPLACES%` match this version of a package. */
  replacersOf(name: string, version: string): LocatedPackage[] {
    this.#byReplaced ??= this.#index((entry) => entry.replaces);
    return (this.#byReplaced.get(name) ?? [])
      .filter(({ relation }) => isSatisfiedBy(relation, { name, version }))
      .map(({ located }) => located);
  }

  /**
   * The packages that satisfy a dependency, in pacman's order of preference: those of that name,
   * otherwise those that provide it.
   */
  satisfiersOf(dependency: Dependency): LocatedPackage[] {
    const named = (this.#byName.get(dependency.name) ?? [])
      .filter(({ entry }) => isSatisfiedBy(dependency, entry));
    if (named.length > 0) return named;
    this.#byProvision ??= this.#index((entry) => entry.provides);
    return (this.#byProvision.get(dependency.name) ?? [])
      .filter(({ relation }) => isProvidedBy(dependency, relation))
      .map(({ located }) => located);
  }

  #index(relationsOf: (entry: SyncDbPackage) => readonly string[] | undefined) {
    const index = new Map<string, Related[]>();
    for (const located of this.#all) {
      for (const text of relationsOf(located.entry) ?? []) {
        const relation = parseDependency(text);
        add(index, relation.name, { located, relation });
      }
    }
    return index;
  }
}

interface Related {
  located: LocatedPackage;
  relation: Dependency;
}

function add<V>(map: Map<string, V[]>, key: string, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
