import { vercmp } from "../../formats/pacman/vercmp.ts";
import {
  buildDateOf,
  type IndexedPackage,
  type PackageIndex,
} from "../../repositories/package_index.ts";

/** What determines which of two databases is newer. */
export interface DatedDatabase {
  index: Pick<PackageIndex, "byName" | "newestBuildDate">;
  /** A plausible date of the file in milliseconds since the epoch, or null. */
  date: number | null;
}

/**
 * Whether an offered database is older than the served one. The content decides, since clocks can
 * be wrong and copies can get new dates: first the direction in which most of the common packages
 * changed, then the newest build. A build later than all served ones proves that packages with
 * lower versions were downgraded deliberately. Only if no package differs, so none can get older,
 * the dates of the files come first: a repository may drop packages, even its newest.
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
    // Unchanged entries are shared.
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
