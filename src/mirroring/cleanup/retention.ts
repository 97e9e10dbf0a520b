import { sortedInSlices, TimeSlice } from "../../async/time_slice.ts";
import { bytesText as size, formatDuration } from "../../config/quantities.ts";
import { newestFirst } from "../cache/version_order.ts";

/** Why a package is evicted. */
export type RetentionReason =
  /** No longer in any database, and `keepVersions` newer such versions are kept. */
  | "superseded"
  /** No longer in any database, and unused for longer than the age limit. */
  | "unused"
  /** The cache is larger than its limit. */
  | "size"
  /** The disk has less free space than required. */
  | "free_space";

/** A cached package together with its signature. Times are in milliseconds since the epoch. */
export interface RetentionEntry {
  /** The repository's directory, like `core/os/x86_64`. */
  readonly directory: string;
  readonly fileName: string;
  readonly name: string;
  /** Null for a file that is not a package, which no other can supersede. */
  readonly version: string | null;
  /** Of the package and its signature. */
  readonly bytes: number;
  /** When a client last took the package, or when it was fetched. */
  readonly usedAt: number;
  readonly fetchedAt: number;
  /** Whether the package or its signature is being downloaded. */
  readonly inFlight: boolean;
  readonly pinned: boolean;
  /** Whether the served database lists the file; null if unknown, which protects like true. */
  readonly current: boolean | null;
}

/** The administrator's limits. */
export interface RetentionLimits {
  /** How many versions of a package that are no longer in any database to keep. */
  readonly keepVersions: number;
  /** Since the last use; 0 is no limit. */
  readonly maxCacheAgeMs: number;
  /** 0 is no limit. */
  readonly maxCacheBytes: number;
  /** Percentage of `maxCacheBytes` to which an oversized cache is reduced. */
  readonly cacheLowWaterPercent: number;
  /** 0 is no limit. */
  readonly minFreeBytes: number;
}

export interface RetentionInput<E extends RetentionEntry> {
  readonly entries: readonly E[];
  readonly limits: RetentionLimits;
  /** Everything that counts towards `maxCacheBytes`, including the entries. */
  readonly totalBytes: number;
  /** Free space on the disk; null if unknown. */
  readonly freeBytes: number | null;
  /** What downloads are about to write; it must fit besides `minFreeBytes`. */
  readonly incomingBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A package to evict. */
export interface Eviction<E extends RetentionEntry> {
  readonly entry: E;
  readonly reason: RetentionReason;
  /** The reason in words, with the figures behind it. */
  readonly why: string;
}

/** What is kept; a package may count as current, pinned and in flight at the same time. */
export interface Kept {
  readonly files: number;
  readonly bytes: number;
  readonly current: number;
  readonly pinned: number;
  readonly inFlight: number;
}

export interface RetentionPlan<E extends RetentionEntry> {
  /** In order of execution. */
  readonly evictions: readonly Eviction<E>[];
  readonly bytesFreed: number;
  /** What the limits of size and free space require beyond the other evictions. */
  readonly lackingBytes: number;
  readonly kept: Kept;
  /** Which limit cannot be met, and why; null if all are met. */
  readonly unmet: string | null;
}

/**
 * Decides which packages to evict: first superseded ones, then unused ones, then the least recently
 * used until the cache is small enough and the disk has enough free space. Never evicts pinned
 * packages or those in flight. Evicts packages that are in a database only if the cache is still
 * too large, or the disk too full, without all the others. If even all of them could not free
 * enough, because something else fills the disk, they are evicted only for incoming files. After a
 * plan is carried out, a new one evicts nothing. The event loop runs in between.
 */
export async function planRetention<E extends RetentionEntry>(
  { entries, limits, totalBytes, freeBytes, incomingBytes, now }: RetentionInput<E>,
): Promise<RetentionPlan<E>> {
  const { keepVersions, maxCacheAgeMs, maxCacheBytes, cacheLowWaterPercent, minFreeBytes } = limits;
  const evictions: Eviction<E>[] = [];
  const evicted = new Set<E>();
  const slice = new TimeSlice();
  let total = totalBytes;
  let free = freeBytes;

  const evict = (entry: E, reason: RetentionReason, why: string) => {
    evictions.push({ entry, reason, why });
    evicted.add(entry);
    total -= entry.bytes;
    if (free !== null) free += entry.bytes;
  };
  const candidates = entries.filter(isEvictable);
  const remaining = (isWanted: (entry: E) => boolean) =>
    candidates.filter((entry) => isWanted(entry) && !evicted.has(entry));
  const evictUntil = async (
    isRestored: () => boolean,
    { isInTurn, reason, describe }: {
      isInTurn: (entry: E) => boolean;
      reason: RetentionReason;
      describe: Describe;
    },
  ) => {
    if (isRestored()) return;
    for (const entry of await leastRecentlyUsedFirst(remaining(isInTurn))) {
      if (slice.isOver) await slice.renew();
      evict(entry, reason, describe(entry));
      if (isRestored()) return;
    }
  };

  for (const entry of await leastRecentlyUsedFirst(await superseded(entries, keepVersions))) {
    if (slice.isOver) await slice.renew();
    evict(entry, "superseded", describeSuperseded(entry, keepVersions));
  }
  if (maxCacheAgeMs > 0) {
    const describe = describeUnused(maxCacheAgeMs);
    const isUnused = (entry: E) => isUnlisted(entry) && now - entry.usedAt > maxCacheAgeMs;
    for (const entry of await leastRecentlyUsedFirst(remaining(isUnused))) {
      if (slice.isOver) await slice.renew();
      evict(entry, "unused", describe(entry));
    }
  }
  const lackingBytes = Math.max(
    0,
    maxCacheBytes > 0 ? total - maxCacheBytes : 0,
    free === null ? 0 : minFreeBytes + incomingBytes - free,
  );
  if (maxCacheBytes > 0 && total > maxCacheBytes) {
    const lowWaterBytes = Math.floor(maxCacheBytes * cacheLowWaterPercent / 100);
    const describe = describeSize(total, limits);
    const isRestored = () => total <= lowWaterBytes;
    await evictUntil(isRestored, { isInTurn: isUnlisted, reason: "size", describe });
    // Listed packages go only if the cache is still too large without the rest.
    if (total > maxCacheBytes) {
      await evictUntil(isRestored, { isInTurn: isPossiblyListed, reason: "size", describe });
    }
  }
  if (free !== null) {
    const describe = describeFreeSpace(free, minFreeBytes, incomingBytes);
    const goal = minFreeBytes + incomingBytes;
    const reachable = free + sizeOf(remaining(() => true));
    const lastGoal = reachable >= goal ? goal : reachable >= incomingBytes ? incomingBytes : 0;
    for (const [isInTurn, bytes] of [[isUnlisted, goal], [isPossiblyListed, lastGoal]] as const) {
      await evictUntil(() => free === null || free >= bytes, {
        isInTurn,
        reason: "free_space",
        describe,
      });
    }
  }

  await slice.renew();
  const kept = entries.filter((entry) => !evicted.has(entry));
  return {
    evictions,
    bytesFreed: totalBytes - total,
    lackingBytes,
    kept: count(kept),
    unmet: describeUnmet({ total, free, incomingBytes, limits, kept }),
  };
}

/** Whether a package may be evicted at all. */
export function isEvictable(
  { pinned, inFlight }: Pick<RetentionEntry, "pinned" | "inFlight">,
): boolean {
  return !pinned && !inFlight;
}

/** Whether the package is known to be no longer in any database. */
function isUnlisted({ current }: RetentionEntry): boolean {
  return current === false;
}

function isPossiblyListed(entry: RetentionEntry): boolean {
  return !isUnlisted(entry);
}

/**
 * The versions of each package that are no longer in any database, beyond the newest
 * `keepVersions`. Pinned versions and those in flight are kept, and count among the newest.
 */
async function superseded<E extends RetentionEntry>(
  entries: readonly E[],
  keepVersions: number,
): Promise<E[]> {
  const slice = new TimeSlice();
  const versions = new Map<string, E[]>();
  for (const entry of entries) {
    if (slice.isOver) await slice.renew();
    if (!isUnlisted(entry) || entry.version === null) continue;
    const key = `${entry.directory}/${entry.name}`;
    const group = versions.get(key);
    if (group === undefined) versions.set(key, [entry]);
    else group.push(entry);
  }
  const evictable: E[] = [];
  for (const group of versions.values()) {
    if (slice.isOver) await slice.renew();
    if (group.length <= keepVersions) continue;
    evictable.push(...group.sort(newestFirst).slice(keepVersions).filter(isEvictable));
  }
  return evictable;
}

/** Total, so that a plan does not depend on the order of its input. */
function leastRecentlyUsedFirst<E extends RetentionEntry>(entries: readonly E[]): Promise<E[]> {
  return sortedInSlices(
    entries,
    (a, b) =>
      a.usedAt - b.usedAt || a.fetchedAt - b.fetchedAt || compare(a.directory, b.directory) ||
      compare(a.fileName, b.fileName),
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

/** Says why a package is evicted. The common part of the reasons is formatted only once. */
type Describe = (entry: RetentionEntry) => string;

const UNLISTED = "no longer in any database";

function describeSuperseded({ name }: RetentionEntry, keepVersions: number): string {
  if (keepVersions === 0) return `${UNLISTED}, and keep_versions is 0`;
  const versions = keepVersions === 1
    ? `1 newer such version of ${name} is`
    : `${keepVersions} newer such versions of ${name} are`;
  return `${UNLISTED}, and ${versions} kept (keep_versions)`;
}

function describeUnused(maxCacheAgeMs: number): Describe {
  const limit = `longer ago than ${formatDuration(maxCacheAgeMs)} (max_cache_age)`;
  return (entry) => `${UNLISTED}, and ${lastUsed(entry)}, ${limit}`;
}

function describeSize(
  total: number,
  { maxCacheBytes, cacheLowWaterPercent }: RetentionLimits,
): Describe {
  const limit = `the cache holds ${size(total)}, more than ${size(maxCacheBytes)} ` +
    `(max_cache_size), and is reduced to ${cacheLowWaterPercent}% of that (cache_low_water)`;
  return (entry) => `${limit}; ${lastUsed(entry)}${lastResort(entry)}`;
}

function describeFreeSpace(free: number, minFreeBytes: number, incomingBytes: number): Describe {
  const limit = `the disk has ${size(free)} free, less than ${
    wantedSpace(minFreeBytes, incomingBytes)
  }`;
  return (entry) => `${limit}; ${lastUsed(entry)}${lastResort(entry)}`;
}

function wantedSpace(minFreeBytes: number, incomingBytes: number): string {
  const limit = `${size(minFreeBytes)} (min_free_space)`;
  return incomingBytes === 0 ? limit : `${limit} plus ${size(incomingBytes)} for incoming files`;
}

/** Says which limits cannot be met by the rest, `kept`; null if all are met. */
function describeUnmet({ total, free, incomingBytes, limits, kept }: {
  total: number;
  free: number | null;
  incomingBytes: number;
  limits: RetentionLimits;
  kept: readonly RetentionEntry[];
}): string | null {
  const { maxCacheBytes, minFreeBytes } = limits;
  const unmet: string[] = [];
  if (maxCacheBytes > 0 && total > maxCacheBytes) {
    unmet.push(
      `the cache still holds ${size(total)}, more than ${size(maxCacheBytes)} (max_cache_size)`,
    );
  }
  if (free !== null && free < minFreeBytes + incomingBytes) {
    unmet.push(
      `the disk still has only ${size(free)} free, less than ` +
        wantedSpace(minFreeBytes, incomingBytes),
    );
  }
  if (unmet.length === 0) return null;
  const bytesOf = (isCounted: (entry: RetentionEntry) => boolean) =>
    size(sizeOf(kept.filter(isCounted)));
  const spared = kept.some(isEvictable)
    ? `, and removing the ${bytesOf(isEvictable)} of current packages would not be enough`
    : "";
  return `${unmet.join(", and ")}: nothing more can be removed, ` +
    `${bytesOf(({ pinned }) => pinned)} are pinned, ` +
    `${bytesOf(({ pinned, inFlight }) => inFlight && !pinned)} in flight${spared}`;
}

function sizeOf(entries: readonly RetentionEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function lastUsed({ usedAt }: RetentionEntry): string {
  const date = new Date(usedAt);
  if (Number.isNaN(date.getTime())) return "last used at an unknown time";
  return `last used on ${date.toISOString().slice(0, 10)}`;
}

/** Explains why even a package that may be in a database is evicted. */
function lastResort({ current }: RetentionEntry): string {
  if (current === false) return "";
  const listed = current === null ? "may still be in a database" : "is still in a database";
  return `; it ${listed}, but nothing outdated is left to remove`;
}
