import { format } from "@std/fmt/bytes";
import { formatDuration } from "../../config/duration.ts";
import type { RetentionEntry, RetentionLimits } from "./retention.ts";

/** Tells why a package goes. What is the same for all is put together once. */
type Describe = (entry: RetentionEntry) => string;

export function describeSuperseded({ name }: RetentionEntry, keepVersions: number): string {
  const stays = keepVersions === 0
    ? "none such stays"
    : keepVersions === 1
    ? `1 newer such file of ${name} stays`
    : `${keepVersions} newer such files of ${name} stay`;
  return `no database names it, and ${stays} (keep_versions)`;
}

export function describeUnused(maxCacheAge: number): Describe {
  const limit = `longer ago than ${formatDuration(maxCacheAge)} (max_cache_age)`;
  return (entry) => `no database names it, and it was ${lastUsed(entry)}, ${limit}`;
}

export function describeSize(
  total: number,
  { maxCacheSize, cacheLowWater }: RetentionLimits,
): Describe {
  const limit = `the cache holds ${size(total)}, more than ${size(maxCacheSize)} ` +
    `(max_cache_size), and is cleaned down to ${cacheLowWater}% of that (cache_low_water)`;
  return (entry) => `${limit}; this was ${lastUsed(entry)}${lastResort(entry)}`;
}

export function describeFreeSpace(free: number, minFreeSpace: number): Describe {
  const limit = `the disk has ${size(free)} free, less than ${size(minFreeSpace)} (min_free_space)`;
  return (entry) => `${limit}; this was ${lastUsed(entry)}${lastResort(entry)}`;
}

/** Says which limits are beyond reach once `kept` is all that is left, or null. */
export function describeUnmet({ total, free, limits, kept }: {
  total: number;
  free: number | null;
  limits: RetentionLimits;
  kept: readonly RetentionEntry[];
}): string | null {
  const { maxCacheSize, minFreeSpace } = limits;
  const limitsUnmet: string[] = [];
  if (maxCacheSize > 0 && total > maxCacheSize) {
    limitsUnmet.push(
      `the cache still holds ${size(total)}, more than ${size(maxCacheSize)} (max_cache_size)`,
    );
  }
  if (free !== null && free < minFreeSpace) {
    limitsUnmet.push(
      `the disk still has only ${size(free)} free, less than ${
        size(minFreeSpace)
      } (min_free_space)`,
    );
  }
  if (limitsUnmet.length === 0) return null;
  const bytesOf = (entries: readonly RetentionEntry[]) =>
    size(entries.reduce((sum, { bytes }) => sum + bytes, 0));
  const pinned = kept.filter((entry) => entry.pinned);
  const inFlight = kept.filter((entry) => entry.inFlight && !entry.pinned);
  return `${limitsUnmet.join(", and ")}: nothing more may be removed, ${bytesOf(pinned)} are ` +
    `pinned, ${bytesOf(inFlight)} in flight`;
}

function lastUsed({ usedAt }: RetentionEntry): string {
  const date = new Date(usedAt);
  const day = Number.isNaN(date.getTime()) ? "at no known time" : date.toISOString().slice(0, 10);
  return `last used on ${day}`;
}

function lastResort({ current }: RetentionEntry): string {
  if (current === false) return "";
  return current === null
    ? ", and nothing that surely no database names is left"
    : ", and nothing that no database names is left";
}

function size(bytes: number): string {
  return format(bytes, { binary: true });
}
