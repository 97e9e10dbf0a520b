import type { AurPackage } from "../../formats/aur/rpc_answer.ts";
import { type Maintainers, type WatchedPackage, withNews } from "../packages/watched_package.ts";

/** A missing package counts as gone after this many answers without it. */
const ANSWERS_UNTIL_GONE = 2;

/** Whether repeated answers of the AUR lack the package. */
export function isGone({ missing }: WatchedPackage): boolean {
  return missing >= ANSWERS_UNTIL_GONE;
}

/**
 * Updates a package base from a complete answer of the AUR, with the news in words. `answer` contains
 * the packages that exist; failed requests never get here.
 */
export function observe(
  watched: WatchedPackage,
  answer: ReadonlyMap<string, AurPackage>,
  now: number,
): WatchedPackage {
  const found = watched.names.flatMap((name) => answer.get(name) ?? []);
  const own = found.filter(({ base }) => base === watched.base);
  const moved = found.filter(({ base }) => base !== watched.base);
  const [info] = own;
  if (info === undefined) return missed(watched, moved, now);
  const known = watched.info;
  const news: string[] = [];
  if (isGone(watched)) {
    news.push(
      `${watched.base} is back in the AUR. It may have another owner: review everything before you ` +
        "approve it.",
    );
  }
  const maintainers = maintainersOf(info);
  const last = watched.maintainers.at(-1);
  const isChange = last === undefined || !areSame(last, maintainers);
  if (last !== undefined && isChange) news.push(changeText(watched.base, last, maintainers));
  if (info.outOfDate !== null && (known === null || known.outOfDate === null)) {
    news.push(`${watched.base} was flagged out of date in the AUR.`);
  }
  news.push(...namesChanged(watched, found, moved));
  return withNews(
    {
      ...watched,
      info,
      missing: 0,
      returnedAt: isGone(watched) ? now : watched.returnedAt,
      maintainers: isChange
        ? [...watched.maintainers, { at: now, ...maintainers }]
        : watched.maintainers,
    },
    now,
    ...news,
  );
}

function missed(
  watched: WatchedPackage,
  moved: readonly AurPackage[],
  now: number,
): WatchedPackage {
  const missing = watched.missing + 1;
  const next = { ...watched, missing };
  if (missing !== ANSWERS_UNTIL_GONE) return next;
  const { base } = watched;
  const [one] = moved;
  const news = one === undefined
    ? `${base} is no longer in the AUR: it was deleted, or merged into another package. ` +
      "Published packages stay."
    : `${base} is no longer in the AUR: ${one.name} now belongs to ${one.base}, after a rename or ` +
      "merge. Published packages stay; add the other one if you want its updates.";
  return withNews(next, now, news);
}

/** Packages of a split package base that the AUR no longer has, or that moved to another base. */
function namesChanged(
  { base, names, info }: WatchedPackage,
  found: readonly AurPackage[],
  moved: readonly AurPackage[],
): string[] {
  // The first answer only records what exists.
  if (info === null) return [];
  const there = new Set(found.map(({ name }) => name));
  return [
    ...moved.map((each) => `${each.name} of ${base} now belongs to ${each.base} in the AUR.`),
    ...names.filter((name) => !there.has(name))
      .map((name) => `${name} of ${base} is no longer in the AUR.`),
  ];
}

export function maintainersOf({ maintainer, coMaintainers }: AurPackage): Maintainers {
  return { maintainer, coMaintainers };
}

export function areSame(one: Maintainers, other: Maintainers): boolean {
  return one.maintainer === other.maintainer &&
    one.coMaintainers.length === other.coMaintainers.length &&
    one.coMaintainers.every((name, at) => name === other.coMaintainers[at]);
}

function changeText(base: string, before: Maintainers, after: Maintainers): string {
  const parts: string[] = [];
  if (before.maintainer !== after.maintainer) {
    parts.push(
      after.maintainer === null
        ? `${before.maintainer} orphaned it`
        : before.maintainer === null
        ? `${after.maintainer} adopted the orphan`
        : `it went from ${before.maintainer} to ${after.maintainer}`,
    );
  }
  const joined = after.coMaintainers.filter((name) => !before.coMaintainers.includes(name));
  const left = before.coMaintainers.filter((name) => !after.coMaintainers.includes(name));
  if (joined.length > 0) parts.push(`co-maintainers joined: ${joined.join(", ")}`);
  if (left.length > 0) parts.push(`co-maintainers left: ${left.join(", ")}`);
  return `The maintainers of ${base} changed: ${parts.join("; ")}.`;
}
