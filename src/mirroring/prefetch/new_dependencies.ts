import { parseDependency } from "../../formats/pacman/dependency.ts";
import type { LocatedPackage, PackageLookup } from "./package_lookup.ts";

/** The most packages that are fetched because one cached package has come to depend on them. */
const MOST = 100;

export interface NewDependenciesOptions {
  /** The new version of a cached package. */
  target: LocatedPackage;
  /** Its version before; null when it is not known, and then nothing counts as new. */
  previous: LocatedPackage | null;
  after: PackageLookup;
  /** Names of the packages of which any version is cached: they are kept up to date anyway. */
  cachedNames: ReadonlySet<string>;
  /** Names that need not be fetched for the sake of another new dependency. */
  installed: () => ReadonlySet<string>;
  /** Names that were wanted before, and count as new for as long as they are depended on. */
  pending: ReadonlySet<string>;
}

/**
 * What whoever has the previous version of a package must fetch to install the new one: its
 * dependencies that the previous version had not by name, and what those need in turn that is not
 * installed yet. Constraints on versions do not make a dependency new, but choose who satisfies it.
 */
export function newDependencies(
  { target, previous, after, cachedNames, installed, pending }: NewDependenciesOptions,
): LocatedPackage[] {
  const found = new Map<string, LocatedPackage>();
  const previousNames = previous === null
    ? null
    : new Set((previous.entry.depends ?? []).map((text) => parseDependency(text).name));
  const visit = (
    { entry }: LocatedPackage,
    isNew: (dependency: string, satisfiers: readonly LocatedPackage[]) => boolean,
  ) => {
    for (const text of entry.depends ?? []) {
      const dependency = parseDependency(text);
      const satisfiers = after.satisfiersOf(dependency);
      const [first] = satisfiers;
      if (first === undefined || found.size >= MOST) continue;
      if (satisfiers.some(({ entry: { name } }) => cachedNames.has(name) || found.has(name))) {
        continue;
      }
      const { name } = first.entry;
      if (pending.has(name) || isNew(dependency.name, satisfiers)) found.set(name, first);
    }
  };
  visit(target, (dependency) => previousNames !== null && !previousNames.has(dependency));
  // Grows while it is being walked: what a new dependency needs is one as well.
  for (const dependency of found.values()) {
    visit(
      dependency,
      (_, satisfiers) => !satisfiers.some(({ entry }) => installed().has(entry.name)),
    );
  }
  return [...found.values()];
}

/** The names of some packages and of everything they depend on. */
export function closureOf(
  packages: readonly LocatedPackage[],
  lookup: PackageLookup,
): Set<string> {
  const reached = new Map(packages.map((located) => [located.entry.name, located]));
  for (const { entry } of reached.values()) {
    for (const text of entry.depends ?? []) {
      const [first] = lookup.satisfiersOf(parseDependency(text));
      if (first !== undefined && !reached.has(first.entry.name)) {
        reached.set(first.entry.name, first);
      }
    }
  }
  return new Set(reached.keys());
}
