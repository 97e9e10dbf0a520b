import type {
  RetentionEntry,
  RetentionInput,
} from "../../../../src/mirroring/cleanup/retention.ts";

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 9, 1);

/** A package of 10 bytes, fetched and used now, that is no longer in any database. */
export function entry(
  name: string,
  version: string,
  more: Partial<RetentionEntry> = {},
): RetentionEntry {
  return {
    directory: "core/os/x86_64",
    fileName: `${name}-${version}-x86_64.pkg.tar.zst`,
    name,
    version,
    bytes: 10,
    usedAt: NOW,
    fetchedAt: NOW,
    inFlight: false,
    pinned: false,
    current: false,
    ...more,
  };
}

/** An input without limits, except for the given ones. */
export function input(
  entries: readonly RetentionEntry[],
  { limits = {}, ...more }: Omit<Partial<RetentionInput<RetentionEntry>>, "limits"> & {
    limits?: Partial<RetentionInput<RetentionEntry>["limits"]>;
  } = {},
): RetentionInput<RetentionEntry> {
  return {
    entries,
    limits: {
      keepVersions: 1000,
      maxCacheAgeMs: 0,
      maxCacheBytes: 0,
      cacheLowWaterPercent: 100,
      minFreeBytes: 0,
      ...limits,
    },
    totalBytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    freeBytes: null,
    incomingBytes: 0,
    now: NOW,
    ...more,
  };
}
