import { vercmp } from "../../formats/pacman/vercmp.ts";
import type { IndexedPackage, PackageIndex } from "../../repositories/package_index.ts";

/** What tells which of two databases is newer. */
export interface DatedDatabase {
  index: Pick<PackageIndex, "byName" | "newestBuildDate">;
  /** A plausible date of the file in milliseconds since the epoch, or null. */
  date: number | null;
}

/**
 * How a database compares with another one: negative if it is older, positive if it is newer, 0 if
 * nothing tells. What is inside decides, since anybody's clock can be wrong and any copy can be
 * dated anew: where most of the packages went that both have and that differ, then the newest build.
 * Only where all of these are alike, so that no package can get older, the dates of the files tell
 * first: a repository drops packages, and then its newest one may be gone.
 */
export function compareDatabases(one: DatedDatabase, other: DatedDatabase): number {
  const { sum, areAlike } = comparePackagesOf(one.index.byName, other.index.byName);
  if (sum !== 0) return sum;
  const byBuild = compare(one.index.newestBuildDate, other.index.newestBuildDate);
  const byDate = compare(one.date, other.date);
  return areAlike ? byDate || byBuild : byBuild || byDate;
}

/** How many more packages of `one` are newer than older, and whether none differs. */
function comparePackagesOf(
  one: ReadonlyMap<string, IndexedPackage>,
  other: ReadonlyMap<string, IndexedPackage>,
): { sum: number; areAlike: boolean } {
  let sum = 0;
  let areAlike = true;
  for (const [name, entry] of one) {
    const counterpart = other.get(name);
    if (counterpart === undefined) continue;
    const order = comparePackages(entry, counterpart);
    sum += Math.sign(order);
    areAlike &&= order === 0;
  }
  return { sum, areAlike };
}

function comparePackages(one: IndexedPackage, other: IndexedPackage): number {
  const byVersion = vercmp(one.version, other.version);
  const byBuild = compare(one.buildDate, other.buildDate);
  // Packagers take versions back, but a package that was built later is not the old one.
  return byVersion < 0 && byBuild > 0 ? byBuild : byVersion || byBuild;
}

function compare(one: number | null, other: number | null): number {
  return one === null || other === null ? 0 : one - other;
}
