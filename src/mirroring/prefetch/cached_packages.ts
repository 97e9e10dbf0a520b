import { sortedInSlices, TimeSlice } from "../../async/time_slice.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import type { IndexedPackage } from "../../repositories/package_index.ts";
import type { PackageLookup } from "./package_lookup.ts";

/** A cached package file. */
export interface CachedFile {
  directory: string;
  fileName: string;
  /** Lower-case hexadecimal; null if unknown. */
  sha256: string | null;
  /** Milliseconds since the epoch. */
  fetchedAt: number;
}

/** The cached files of one package in one repository. */
export interface CachedPackage {
  directory: string;
  name: string;
  /** The file of the newest version. */
  newest: { fileName: string; version: string };
  /** When the first of the files was fetched, in milliseconds since the epoch. */
  firstFetchedAt: number;
}

/** The cached content of some repositories. */
export interface CachedPackages {
  /** By `directory/name`. */
  packages: ReadonlyMap<string, CachedPackage>;
  names: ReadonlySet<string>;
  /** By `directory/fileName`. */
  files: ReadonlyMap<string, CachedFile>;
}

/** The databases of the repositories in two states: the earlier one, and the one to plan for. */
export interface Databases {
  before: PackageLookup;
  after: PackageLookup;
}

/** Groups cached files by package. */
export async function groupCached(
  files: readonly CachedFile[],
  databases: Databases,
): Promise<CachedPackages> {
  const packages = new Map<string, CachedPackage>();
  const cached = { packages, names: new Set<string>(), files: new Map<string, CachedFile>() };
  const slice = new TimeSlice();
  for (const file of await sortedByPath(files)) {
    if (slice.isOver) await slice.renew();
    const { directory, fileName, fetchedAt } = file;
    const parsed = parsePackageFileName(fileName);
    if (parsed === null) continue;
    const { name, version } = entryAt(databases, directory, fileName) ?? parsed;
    cached.names.add(name);
    cached.files.set(pathOf(file), file);
    const key = `${directory}/${name}`;
    const known = packages.get(key);
    const isNewest = known === undefined || vercmp(version, known.newest.version) > 0;
    packages.set(key, {
      directory,
      name,
      newest: isNewest ? { fileName, version } : known.newest,
      firstFetchedAt: Math.min(fetchedAt, known?.firstFetchedAt ?? Infinity),
    });
  }
  return cached;
}

/** The entry of a file in the databases, later one first; null if neither lists it. */
export function entryAt(
  { before, after }: Databases,
  directory: string,
  fileName: string,
): IndexedPackage | null {
  return after.atFile(directory, fileName) ?? before.atFile(directory, fileName);
}

export function pathOf({ directory, fileName }: { directory: string; fileName: string }): string {
  return `${directory}/${fileName}`;
}

/** Makes a plan independent of the order in which files are listed. */
export function sortedByPath<T extends { directory: string; fileName: string }>(
  files: readonly T[],
): Promise<T[]> {
  // Comparing whole paths would create two strings for each of the many comparisons.
  return sortedInSlices(
    files,
    (a, b) =>
      a.directory === b.directory
        ? (a.fileName < b.fileName ? -1 : 1)
        : (a.directory < b.directory ? -1 : 1),
  );
}
