import type { OwnRepositoryConfig } from "../config/own_repositories.ts";
import { vercmp } from "../formats/pacman/vercmp.ts";
import type { Generation } from "./generation.ts";
import type { PublishedPackage } from "./published_package.ts";

/** How long a replaced generation is kept at least: clients that began with it need its files. */
const KEEP_REPLACED_MS = 10 * 60_000;
const DAY_MS = 24 * 3_600_000;

/**
 * The earliest generations, which are no longer kept. Those that are kept have no gaps. `now` is in
 * milliseconds since the epoch.
 */
export function surplusGenerations(
  generations: readonly Generation[],
  { keepGenerations, keepDays }: Pick<OwnRepositoryConfig, "keepGenerations" | "keepDays">,
  now: number,
): readonly Generation[] {
  const settledBefore = now - Math.max(KEEP_REPLACED_MS, keepDays * DAY_MS);
  return generations.slice(0, -keepGenerations)
    // A generation was replaced when the next one was published.
    .filter((_, index) => (generations[index + 1]?.publishedAt ?? Infinity) < settledBefore);
}

/**
 * The packages that clients can still download although the database no longer lists them: for each
 * name that it lists, the newest versions in `replaced`, which is ordered by time of replacement.
 * Of several files with one name, only the one published last counts, and none if the name is still
 * published.
 */
export function formerVersions(
  replaced: readonly PublishedPackage[],
  published: readonly PublishedPackage[],
  { keepVersions }: Pick<OwnRepositoryConfig, "keepVersions">,
): PublishedPackage[] {
  const names = new Set(published.map(({ name }) => name));
  const files = new Set(published.map(({ fileName }) => fileName));
  const latest = new Map<string, PublishedPackage>();
  for (const each of replaced) {
    if (names.has(each.name) && !files.has(each.fileName)) latest.set(each.fileName, each);
  }
  const byName = Map.groupBy(latest.values(), ({ name }) => name);
  return [...byName.values()].flatMap((versions) =>
    versions.sort((one, other) => vercmp(other.version, one.version)).slice(0, keepVersions)
  );
}
