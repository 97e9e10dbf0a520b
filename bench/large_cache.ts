import type { RetentionEntry, RetentionInput } from "../src/mirroring/cleanup/retention.ts";

const DAY_MS = 86_400_000;
export const NOW = Date.UTC(2026, 0, 1);
export const DIRECTORIES = ["core", "extra", "multilib"].map((name) => `${name}/os/x86_64`);

/** Packages of 2 MiB: five versions of each name, only the newest in a database. */
export function packages(count: number): RetentionEntry[] {
  return Array.from({ length: count }, (_, number) => {
    const name = `package-${Math.floor(number / 5)}`;
    const version = `1.${number % 5}.0-1`;
    // In an order unlike that of the names.
    const usedAt = NOW - (number * 7919 % 365) * DAY_MS;
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

/** Input for which every rule evicts something: about 40 % of the packages in all. */
export function retentionInput(count: number): RetentionInput<RetentionEntry> {
  const entries = packages(count);
  const totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    entries,
    limits: {
      keepVersions: 3,
      maxCacheAgeMs: 300 * DAY_MS,
      maxCacheBytes: totalBytes / 2,
      cacheLowWaterPercent: 90,
      minFreeBytes: totalBytes * 0.6,
    },
    totalBytes,
    freeBytes: 0,
    incomingBytes: 0,
    now: NOW,
  };
}
