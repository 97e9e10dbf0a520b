import type { LogLevel } from "../log_level.ts";
import type { LogFormat } from "../platform/observability/logging.ts";

/** The distribution's upstream of a name: its mirrors and the paths there and here. */
export interface UpstreamConfig {
  /** Unique name; the main upstream is "arch", others are named by their table. */
  readonly name: string;
  /**
   * Mirrors in the order of the file: a root ("https://host/archlinux/", `upstreamLayout` is
   * appended) or a complete pacman line with variables ("https://host/$repo/os/$arch").
   */
  readonly mirrorUrls: readonly string[];
  /** Names of the repositories that are mirrored, the values of `$repo`. */
  readonly repositories: readonly string[];
  /** The values of `$arch`, e.g. "x86_64". */
  readonly architectures: readonly string[];
  /** Path below a mirror's root, e.g. "$repo/os/$arch"; no slash at either end. */
  readonly upstreamLayout: string;
  /** Path below this server's root, e.g. "archlinuxarm/$arch/$repo"; no slash at either end. */
  readonly clientPath: string;
}

/** A part of the day in minutes since midnight, `end` excluded; it may reach past midnight. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/** The effective configuration: plain data, checked, every default filled in. */
export interface Config {
  /** File of KEY=VALUE lines that holds the token; null when there is none. */
  readonly envFile: string | null;
  /** Absolute path of the cache directory. */
  readonly cacheRoot: string;
  /** Address to listen on, e.g. "0.0.0.0". */
  readonly listenAddress: string;
  /** TCP port, 0 to 65535; 0 lets the system choose. */
  readonly port: number;
  /** PEM file of the certificate chain; null for plain HTTP. */
  readonly tlsCertificate: string | null;
  /** PEM file of the private key; null exactly when `tlsCertificate` is. */
  readonly tlsKey: string | null;
  /** Bytes that the cache may hold; 0 means no limit. */
  readonly maxCacheBytes: number;
  /** Milliseconds since the last use after which a package may be removed; 0 means no limit. */
  readonly maxCacheAgeMs: number;
  /** Milliseconds for which a sync database is served without asking upstream again. */
  readonly databaseMaxAgeMs: number;
  /** Milliseconds between refreshes that the daemon does by itself; 0 means never. */
  readonly refreshIntervalMs: number;
  /** Milliseconds by which each of those is put off at random, at most. */
  readonly refreshJitterMs: number;
  /** Milliseconds for which all mirrors must agree on an older database before it is believed. */
  readonly rollbackAgeMs: number;
  /** Whether the next versions of cached packages are fetched after a refresh. */
  readonly prefetch: boolean;
  /** How many packages are prefetched at a time. */
  readonly prefetchConcurrency: number;
  /** Bytes per second that all prefetching together may take; 0 means no limit. */
  readonly prefetchBytesPerSecond: number;
  /** Time of day, in minutes of local time, within which prefetching begins; null for any. */
  readonly prefetchWindow: TimeWindow | null;
  /** Milliseconds since the last request for a package after which it is no longer prefetched. */
  readonly prefetchMaxIdleMs: number;
  /** Prefetched versions in a row that nobody took, after which a package is left alone; 0 = any. */
  readonly prefetchMaxUnused: number;
  /** Bytes above which a package is not prefetched; 0 means no limit. */
  readonly prefetchMaxPackageBytes: number;
  /** How many versions of a package stay that no database names any more. */
  readonly keepVersions: number;
  /** Percentage of `maxCacheBytes` down to which a cache that is too large is cleaned. */
  readonly cacheLowWaterPercent: number;
  /** Bytes of free disk space below which the cache is cleaned at once; 0 means none. */
  readonly minFreeBytes: number;
  /** Names, globs or file names of packages that are never removed. */
  readonly pinnedPackages: readonly string[];
  /** User-Agent sent to mirrors. */
  readonly userAgent: string;
  /** URL of the HTTP proxy that mirrors are reached through; null for none. */
  readonly upstreamProxy: string | null;
  /** Milliseconds without response headers before the next mirror is raced. */
  readonly raceTimeoutMs: number;
  /** Milliseconds of silence midway before a mirror is given up. */
  readonly stallTimeoutMs: number;
  /** Milliseconds within which a client must get its first byte. */
  readonly answerTimeoutMs: number;
  /** Milliseconds that transfers in flight get when the server stops. */
  readonly drainTimeoutMs: number;
  /** Milliseconds for which a signature that no mirror has is remembered as missing. */
  readonly missingSignatureAgeMs: number;
  /** Root of the Arch Linux Archive's package pool; null when it is not used. */
  readonly archiveUrl: string | null;
  /** Least severe level that is logged. */
  readonly logLevel: LogLevel;
  /** Form of log records. */
  readonly logFormat: LogFormat;
  /** Bearer token of the administrative API (secret); null when none is set. */
  readonly token: string | null;
  /** All upstreams; the first is the main one, "arch". */
  readonly upstreams: readonly UpstreamConfig[];
}
