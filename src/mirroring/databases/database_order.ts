import { vercmp } from "../../formats/pacman/vercmp.ts";
import {
  buildDateOf,
  type IndexedPackage,
  type PackageIndex,
} from "../../repositories/package_index.ts";

/** What tells which of two databases is newer. */
export interface DatedDatabase {
  index: Pick<PackageIndex, "byName" | "newestBuildDate">;
  /** A plausible date of the file in milliseconds since the epoch, or null. */
  date: number | null;
}

/**
 * Whether an offered database is older than the served one. What is inside decides, since anybody's
 * clock can be wrong and any copy can be dated anew: where most of the packages went that both have
 * and that differ, then the newest build. A build later than all of the served ones proves that the
 * packages that went back were taken back. Only where the packages are alike, so that none can get
 * older, the dates of the files tell first: a repository drops packages, perhaps its newest.
 */
export function isOlder(offered: DatedDatabase, served: DatedDatabase): boolean {
  const { sum, areAlike } = comparePackages(offered.index.byName, served.index.byName);
  const byBuild = compare(offered.index.newestBuildDate, served.index.newestBuildDate);
  const byDate = compare(offered.date, served.date);
  if (sum !== 0) return sum < 0 && byBuild <= 0;
  return (areAlike ? byDate || byBuild : byBuild || byDate) < 0;
}

/** How many more packages of `one` are newer than older, and whether none differs. */
function comparePackages(
  one: ReadonlyMap<string, IndexedPackage>,
  other: ReadonlyMap<string, IndexedPackage>,
): { sum: number; areAlike: boolean } {
  let sum = 0;
  let areAlike = true;
  const now = Date.now();
  for (const [name, entry] of one) {
    const counterpart = other.get(name);
    // Entries that did not change are shared.
    if (counterpart === undefined || entry === counterpart) continue;
    const order = vercmp(entry.version, counterpart.version) ||
      compare(buildDateOf(entry, now), buildDateOf(counterpart, now));
    sum += Math.sign(order);
    areAlike &&= order === 0;
  }
  return { sum, areAlike };
}

function compare(one: number | null, other: number | null): number {
  return one === null || other === null ? 0 : one - other;
}
