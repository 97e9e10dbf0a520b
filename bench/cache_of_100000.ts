import type { RetentionEntry, RetentionInput } from "../src/mirroring/cleanup/retention.ts";

const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 0, 1);
export const DIRECTORIES = ["core", "extra", "multilib"].map((name) => `${name}/os/x86_64`);

/** 100,000 packages of 2 MiB: 20,000 names of five versions each, the newest in its database. */
export function packages(): RetentionEntry[] {
  return Array.from({ length: 100_000 }, (_, number) => {
    const name = `package-${Math.floor(number / 5)}`;
    const version = `1.${number % 5}.0-1`;
    // Any order but that of the names.
    const usedAt = NOW - (number * 7919 % 365) * DAY;
    return {
      directory: DIRECTORIES[Math.floor(number / 5) % 3]!,
      fileName: `${name}-${version}-x86_64.pkg.tar.zst`,
      name,
      version,
      bytes: 2 * 1024 ** 2,
      usedAt,
      fetchedAt: usedAt,
      inFlight: number % 5000 === 0,
      pinned: number % 1000 === 0,
      current: number % 5 === 4,
    };
  });
}

/** Every rule has something to do: about 40,000 packages go. */
export function planning(): RetentionInput<RetentionEntry> {
  const entries = packages();
  const totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    entries,
    limits: {
      keepVersions: 3,
      maxCacheAgeMs: 300 * DAY,
      maxCacheBytes: totalBytes / 2,
      cacheLowWaterPercent: 90,
      minFreeBytes: totalBytes * 0.6,
    },
    totalBytes,
    freeSpace: 0,
    now: NOW,
  };
}
