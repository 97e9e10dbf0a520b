import { parseDependency } from "../../formats/pacman/dependency.ts";
import type { LocatedPackage, PackageLookup } from "./package_lookup.ts";

/** Limit on the new dependencies of one package, against endless chains. */
const MAX_NEW_DEPENDENCIES = 100;

export interface NewDependenciesOptions {
  /** The new version of a cached package. */
  target: LocatedPackage;
  /** Its previous version; null if unknown, in which case no dependency counts as new. */
  previous: LocatedPackage | null;
  /** The databases that contain `target`. */
  after: PackageLookup;
  /** Names of the packages with any cached version; they are kept up to date anyway. */
  cachedNames: ReadonlySet<string>;
  /** Names of packages that clients already have; called only if a new dependency is found. */
  installed: () => ReadonlySet<string>;
  /** Names wanted by earlier plans; they count as new while something depends on them. */
  pending: ReadonlySet<string>;
}

/**
 * What a client with the previous version of a package must fetch to install the new one: the
 * dependencies whose names the previous version did not list, and their own dependencies that are
 * not installed yet. A changed version constraint does not make a dependency new, but decides which
 * package satisfies it.
 */
export function newDependencies(
  { target, previous, after, cachedNames, installed, pending }: NewDependenciesOptions,
): LocatedPackage[] {
  const found = new Map<string, LocatedPackage>();
  const previousNames = previous === null
    ? null
    : new Set(previous.entry.depends.map((text) => parseDependency(text).name));
  const visit = (
    { entry }: LocatedPackage,
    isNew: (dependency: string, satisfiers: readonly LocatedPackage[]) => boolean,
  ) => {
    for (const text of entry.depends) {
      const dependency = parseDependency(text);
      const satisfiers = after.satisfiersOf(dependency);
      const [first] = satisfiers;
      if (first === undefined || found.size >= MAX_NEW_DEPENDENCIES) continue;
      if (satisfiers.some(({ entry: { name } }) => cachedNames.has(name) || found.has(name))) {
        continue;
      }
      const { name } = first.entry;
      if (pending.has(name) || isNew(dependency.name, satisfiers)) found.set(name, first);
    }
  };
  visit(target, (dependency) => previousNames !== null && !previousNames.has(dependency));
  // The map grows during the loop: a dependency of a new dependency may be new too.
  for (const dependency of found.values()) {
    visit(
      dependency,
      (_, satisfiers) => !satisfiers.some(({ entry }) => installed().has(entry.name)),
    );
  }
  return [...found.values()];
}

/** The names of some packages and all their dependencies. */
export function closureOf(
  packages: readonly LocatedPackage[],
  lookup: PackageLookup,
): Set<string> {
  const reached = new Map(packages.map((located) => [located.entry.name, located]));
  for (const { entry } of reached.values()) {
    for (const text of entry.depends) {
      const [first] = lookup.satisfiersOf(parseDependency(text));
      if (first !== undefined && !reached.has(first.entry.name)) {
        reached.set(first.entry.name, first);
      }
    }
  }
  return new Set(reached.keys());
}
