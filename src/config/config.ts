import type { LogLevel } from "../log_level.ts";
import type { LogFormat } from "../platform/observability/logging.ts";

/** Repositories with common mirrors, and their paths on the mirrors and on this server. */
export interface UpstreamConfig {
  /** Unique; "arch" for the main upstream, otherwise the name of its table. */
  readonly name: string;
  /**
   * Mirrors in the order of the file, each either a root ("https://host/archlinux/"), to which
   * `upstreamLayout` is appended, or a URL with variables ("https://host/$repo/os/$arch").
   */
  readonly mirrorUrls: readonly string[];
  /** The values of `$repo`, such as "core". */
  readonly repositories: readonly string[];
  /** The values of `$arch`, such as "x86_64". */
  readonly architectures: readonly string[];
  /** Path below a mirror's root, such as "$repo/os/$arch"; no slash at either end. */
  readonly upstreamLayout: string;
  /** Path below this server's root, such as "archlinuxarm/$arch/$repo"; no slash at either end. */
  readonly clientPath: string;
}

/** A part of the day, in minutes since midnight; `end` is excluded. It may extend past midnight. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/**
 * The effective configuration: plain data, checked, with every default filled in. What each key
 * means is in `SETTINGS`; comments here only add what that leaves open. Paths are absolute.
 */
export interface Config {
  readonly envFile: string | null;
  readonly cacheRoot: string;
  readonly listenAddress: string;
  readonly port: number;
  /** Null for plain HTTP. */
  readonly tlsCertificate: string | null;
  /** Null exactly if `tlsCertificate` is. */
  readonly tlsKey: string | null;
  /** 0 for no limit. */
  readonly maxCacheBytes: number;
  /** 0 for no limit. */
  readonly maxCacheAgeMs: number;
  readonly databaseMaxAgeMs: number;
  /** 0 for never. */
  readonly refreshIntervalMs: number;
  readonly refreshJitterMs: number;
  readonly rollbackAgeMs: number;
  readonly prefetch: boolean;
  readonly prefetchConcurrency: number;
  /** 0 for no limit. */
  readonly prefetchBytesPerSecond: number;
  /** In local time; null for any time. */
  readonly prefetchWindow: TimeWindow | null;
  /** 0 for no limit. */
  readonly prefetchMaxIdleMs: number;
  /** 0 for no limit. */
  readonly prefetchMaxUnused: number;
  /** 0 for no limit. */
  readonly prefetchMaxPackageBytes: number;
  readonly keepVersions: number;
  readonly cacheLowWaterPercent: number;
  /** 0 for no minimum. */
  readonly minFreeBytes: number;
  /** Patterns, see `matchesPackage`. */
  readonly pinnedPackages: readonly string[];
  readonly userAgent: string;
  readonly upstreamProxy: string | null;
  readonly raceTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly missingSignatureAgeMs: number;
  /** Root of a package pool laid out like that of the Arch Linux Archive; null for none. */
  readonly archiveUrl: string | null;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Bearer token of the administrative API, a secret; null if none is set. */
  readonly token: string | null;
  /** The first is the main one, "arch". */
  readonly upstreams: readonly UpstreamConfig[];
}
