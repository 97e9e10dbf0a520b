import { bytesText as size, formatDuration } from "../../config/quantities.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";

/** Why the policy lets a package go. */
export type RetentionReason =
  /** No database names it, and enough newer versions that none names either are kept. */
  | "superseded"
  /** Nobody took it for longer than the age limit, and no database names it. */
  | "unused"
  /** The cache is larger than it may be. */
  | "size"
  /** The disk has less free space than it must have. */
  | "free_space";

/** A package in the cache together with its signature. Times are in ms since the epoch. */
export interface RetentionEntry {
  /** The repository's directory, like `core/os/x86_64`. */
  readonly directory: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  /** Of the package and its signature. */
  readonly bytes: number;
  /** When a client last took it, or when it was fetched. */
  readonly usedAt: number;
  readonly fetchedAt: number;
  /** Whether it or its signature is being transferred. */
  readonly inFlight: boolean;
  readonly pinned: boolean;
  /** Whether the served database names this file. Null is not known, and protects as true does. */
  readonly current: boolean | null;
}

/** What the administrator wants. */
export interface RetentionLimits {
  /** How many versions of a package stay that no database names. */
  readonly keepVersions: number;
  /** Milliseconds since the last use; 0 is no limit. */
  readonly maxCacheAgeMs: number;
  /** Bytes; 0 is no limit. */
  readonly maxCacheBytes: number;
  /** Percentage of `maxCacheBytes` to go down to. */
  readonly cacheLowWaterPercent: number;
  /** Bytes of free disk space; 0 is no limit. */
  readonly minFreeBytes: number;
}

export interface RetentionInput<E extends RetentionEntry> {
  readonly entries: readonly E[];
  readonly limits: RetentionLimits;
  /** Bytes of all that counts towards `maxCacheBytes`, the entries among it. */
  readonly totalBytes: number;
  /** Bytes that are free on the disk; null when that is not known. */
  readonly freeSpace: number | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A package that goes. */
export interface Victim<E extends RetentionEntry> {
  readonly entry: E;
  readonly reason: RetentionReason;
  /** The reason in words, with the figures that led to it. */
  readonly why: string;
}

/** What stays; a package may be counted as current, pinned and in flight at once. */
export interface Kept {
  readonly files: number;
  readonly bytes: number;
  readonly current: number;
  readonly pinned: number;
  readonly inFlight: number;
}

export interface RetentionPlan<E extends RetentionEntry> {
  /** In the order in which they are to go. */
  readonly victims: readonly Victim<E>[];
  readonly bytesFreed: number;
  readonly kept: Kept;
  /** Which limit cannot be met and why; null when all are. */
  readonly unmet: string | null;
}

/**
 * Decides what goes: first what is superseded, then what is unused, then the least recently used
 * until the cache is small enough and the disk has enough free space. What is pinned or in flight
 * never goes. What a database names goes only while the size or the free space is still beyond its
 * limit after everything else went. Planning again after the victims are gone gives no others.
 */
export function planRetention<E extends RetentionEntry>(
  { entries, limits, totalBytes, freeSpace, now }: RetentionInput<E>,
): RetentionPlan<E> {
  const { keepVersions, maxCacheAgeMs, maxCacheBytes, cacheLowWaterPercent, minFreeBytes } = limits;
  const victims: Victim<E>[] = [];
  const gone = new Set<E>();
  let total = totalBytes;
  let free = freeSpace;

  const take = (entry: E, reason: RetentionReason, why: string) => {
    victims.push({ entry, reason, why });
    gone.add(entry);
    total -= entry.bytes;
    if (free !== null) free += entry.bytes;
  };
  const loose = entries.filter(({ pinned, inFlight }) => !pinned && !inFlight);
  const takeLeastUsed = (
    isExceeded: () => boolean,
    isRestored: () => boolean,
    reason: RetentionReason,
    describe: (entry: E) => string,
  ) => {
    for (const isTurn of [isDispensable, isWanted]) {
      if (!isExceeded()) return;
      for (const entry of inOrder(loose.filter((e) => isTurn(e) && !gone.has(e)))) {
        if (isRestored()) break;
        take(entry, reason, describe(entry));
      }
    }
  };

  for (const entry of inOrder(superseded(entries, keepVersions))) {
    take(entry, "superseded", describeSuperseded(entry, keepVersions));
  }
  if (maxCacheAgeMs > 0) {
    const describe = describeUnused(maxCacheAgeMs);
    const isUnused = (entry: E) => isDispensable(entry) && now - entry.usedAt > maxCacheAgeMs;
    for (const entry of inOrder(loose.filter((entry) => isUnused(entry) && !gone.has(entry)))) {
      take(entry, "unused", describe(entry));
    }
  }
  if (maxCacheBytes > 0) {
    const lowWater = Math.floor(maxCacheBytes * cacheLowWaterPercent / 100);
    takeLeastUsed(
      () => total > maxCacheBytes,
      () => total <= lowWater,
      "size",
      describeSize(total, limits),
    );
  }
  if (free !== null) {
    takeLeastUsed(
      () => free! < minFreeBytes,
      () => free! >= minFreeBytes,
      "free_space",
      describeFreeSpace(free, minFreeBytes),
    );
  }

  const kept = entries.filter((entry) => !gone.has(entry));
  return {
    victims,
    bytesFreed: totalBytes - total,
    kept: count(kept),
    unmet: describeUnmet({ total, free, limits, kept }),
  };
}

/** Whether it is known that no database names it. */
function isDispensable({ current }: RetentionEntry): boolean {
  return current === false;
}

function isWanted(entry: RetentionEntry): boolean {
  return !isDispensable(entry);
}

/**
 * Of the versions of each package that no database names, those beyond the newest `keepVersions`.
 * Protected ones take up a place, since they are kept as well.
 */
function superseded<E extends RetentionEntry>(entries: readonly E[], keepVersions: number): E[] {
  const groups = new Map<string, E[]>();
  for (const entry of entries) {
    if (!isDispensable(entry)) continue;
    const key = `${entry.directory}/${entry.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  const beyond: E[] = [];
  for (const group of groups.values()) {
    if (group.length <= keepVersions) continue;
    for (const entry of group.sort(newestFirst).slice(keepVersions)) {
      if (!entry.pinned && !entry.inFlight) beyond.push(entry);
    }
  }
  return beyond;
}

function newestFirst(a: RetentionEntry, b: RetentionEntry): number {
  return vercmp(b.version, a.version) || b.fetchedAt - a.fetchedAt ||
    compare(a.fileName, b.fileName);
}

/** Least recently used first; what was used at the same time, in an order of its own. */
function inOrder<E extends RetentionEntry>(entries: E[]): E[] {
  return entries.sort((a, b) =>
    a.usedAt - b.usedAt || a.fetchedAt - b.fetchedAt || compare(a.directory, b.directory) ||
    compare(a.fileName, b.fileName)
  );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function count(entries: readonly RetentionEntry[]): Kept {
  const kept = { files: 0, bytes: 0, current: 0, pinned: 0, inFlight: 0 };
  for (const { bytes, current, pinned, inFlight } of entries) {
    kept.files++;
    kept.bytes += bytes;
    if (current !== false) kept.current++;
    if (pinned) kept.pinned++;
    if (inFlight) kept.inFlight++;
  }
  return kept;
}

/** Tells why a package goes. What is the same for all is put together once. */
type Describe = (entry: RetentionEntry) => string;

function describeSuperseded({ name }: RetentionEntry, keepVersions: number): string {
  const stays = keepVersions === 0
    ? "none such stays"
    : keepVersions === 1
    ? `1 newer such file of ${name} stays`
    : `${keepVersions} newer such files of ${name} stay`;
  return `no database names it, and ${stays} (keep_versions)`;
}

function describeUnused(maxCacheAgeMs: number): Describe {
  const limit = `longer ago than ${formatDuration(maxCacheAgeMs)} (max_cache_age)`;
  return (entry) => `no database names it, and it was ${lastUsed(entry)}, ${limit}`;
}

function describeSize(
  total: number,
  { maxCacheBytes, cacheLowWaterPercent }: RetentionLimits,
): Describe {
  const limit = `the cache holds ${size(total)}, more than ${size(maxCacheBytes)} ` +
    `(max_cache_size), and is cleaned down to ${cacheLowWaterPercent}% of that (cache_low_water)`;
  return (entry) => `${limit}; this was ${lastUsed(entry)}${lastResort(entry)}`;
}

function describeFreeSpace(free: number, minFreeBytes: number): Describe {
  const limit = `the disk has ${size(free)} free, less than ${size(minFreeBytes)} (min_free_space)`;
  return (entry) => `${limit}; this was ${lastUsed(entry)}${lastResort(entry)}`;
}

/** Says which limits are beyond reach once `kept` is all that is left, or null. */
function describeUnmet({ total, free, limits, kept }: {
  total: number;
  free: number | null;
  limits: RetentionLimits;
  kept: readonly RetentionEntry[];
}): string | null {
  const { maxCacheBytes, minFreeBytes } = limits;
  const limitsUnmet: string[] = [];
  if (maxCacheBytes > 0 && total > maxCacheBytes) {
    limitsUnmet.push(
      `the cache still holds ${size(total)}, more than ${size(maxCacheBytes)} (max_cache_size)`,
    );
  }
  if (free !== null && free < minFreeBytes) {
    limitsUnmet.push(
      `the disk still has only ${size(free)} free, less than ${
        size(minFreeBytes)
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
