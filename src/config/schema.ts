import { isBearerToken } from "../formats/http/bearer_token.ts";
import { LOG_LEVELS } from "../log_level.ts";
import type { Config, UpstreamConfig } from "./config.ts";
import { PRESETS } from "./presets.ts";
import {
  address,
  layout,
  mirrorUrl,
  pathName,
  pin,
  proxyUrl,
  userAgent,
  webUrl,
} from "./text_values.ts";
import {
  byteSize,
  choice,
  count,
  duration,
  flag,
  list,
  listOrNone,
  optional,
  path,
  port,
  timeWindow,
  type ValueType,
} from "./value_type.ts";

/** One key of the configuration. Help, manual page, example file and README are made from it. */
export interface ConfigKey<T> {
  /** The name in TOML. */
  readonly name: string;
  readonly type: ValueType<T>;
  /** The default as a value of TOML; undefined if there is none. */
  readonly defaultValue: string | number | boolean | readonly string[] | undefined;
  /** One sentence. */
  readonly description: string;
}

function key<T>(
  name: string,
  type: ValueType<T>,
  defaultValue: ConfigKey<T>["defaultValue"],
  description: string,
): ConfigKey<T> {
  return { name, type, defaultValue, description };
}

/** The environment variable that overrides a top-level key. */
export function environmentName(key: ConfigKey<unknown>): string {
  return `PKGSTASH_${key.name.toUpperCase()}`;
}

/** The token is not a key, because a configuration file may be readable by everyone. */
export const TOKEN_VARIABLE = {
  name: "PKGSTASH_TOKEN",
  description: "Bearer token of the administrative API, set in the environment or in env_file.",
  accepts: isBearerToken,
} as const;

/** The longest whole number of days that a timer can wait (2^31 - 1 ms). */
const MAX_TIMER_MS = 24 * 86_400_000;

/** Every top-level key except those of the main upstream. */
export const SETTINGS: {
  readonly [K in keyof Omit<Config, "token" | "upstreams">]: ConfigKey<Config[K]>;
} = {
  envFile: key(
    "env_file",
    optional(path),
    "",
    "File of KEY=VALUE lines that add to the environment; it holds PKGSTASH_TOKEN and must not be accessible to other users.",
  ),
  cacheRoot: key("cache_root", path, "cache", "Directory of the cache."),
  listenAddress: key(
    "listen_address",
    address,
    "0.0.0.0",
    'Address to listen on; "::" means all addresses, IPv6 and IPv4.',
  ),
  port: key(
    "port",
    port,
    8090,
    "TCP port to listen on, as a number or a string; 0 lets the system choose.",
  ),
  tlsCertificate: key(
    "tls_certificate",
    optional(path),
    "",
    "PEM file with the certificate chain; together with tls_key it enables HTTPS.",
  ),
  tlsKey: key("tls_key", optional(path), "", "PEM file with the private key of the certificate."),
  maxCacheBytes: key(
    "max_cache_size",
    byteSize,
    "0",
    'Maximum size of the cache, such as "50GB" (1 GB is 1024 MB); "0" means no limit.',
  ),
  maxCacheAgeMs: key(
    "max_cache_age",
    duration(0),
    "0",
    'Time since the last request after which a package that has left the databases is removed, such as "90d"; "0" means no limit.',
  ),
  databaseMaxAgeMs: key(
    "database_max_age",
    duration(0),
    "5m",
    "Time for which a sync database is served without asking mirrors for a newer one.",
  ),
  refreshIntervalMs: key(
    "refresh_interval",
    duration(0, MAX_TIMER_MS),
    "6h",
    'Time between automatic refreshes of all databases, each followed by prefetch and cleanup; "0" disables them.',
  ),
  refreshJitterMs: key(
    "refresh_jitter",
    duration(0, MAX_TIMER_MS),
    "15m",
    "Maximum random delay before each automatic refresh, which spreads the load on mirrors.",
  ),
  rollbackAgeMs: key(
    "rollback_age",
    duration(0),
    "1d",
    "Time for which all mirrors must agree on an older database before it replaces a newer one.",
  ),
  prefetch: key(
    "prefetch",
    flag,
    true,
    "Whether new versions of cached packages are fetched before a client requests them.",
  ),
  prefetchConcurrency: key(
    "prefetch_concurrency",
    count(1, 16),
    2,
    "Number of packages that are prefetched at the same time.",
  ),
  prefetchBytesPerSecond: key(
    "prefetch_bandwidth",
    byteSize,
    "0",
    'Bytes per second for all prefetching together, such as "2MB"; "0" means no limit.',
  ),
  prefetchWindow: key(
    "prefetch_window",
    optional(timeWindow),
    "",
    'Local time of day in which prefetching may start, such as "01:00-06:30"; "" means any time.',
  ),
  prefetchMaxIdleMs: key(
    "prefetch_max_idle",
    duration(0),
    "30d",
    'Time since the last request after which a package is no longer prefetched; "0" means no limit.',
  ),
  prefetchMaxUnused: key(
    "prefetch_max_unused",
    count(0, 1000),
    3,
    "Number of prefetched versions in a row that no client requested, after which a package is no longer prefetched; 0 means no limit.",
  ),
  prefetchMaxPackageBytes: key(
    "prefetch_max_package_size",
    byteSize,
    "0",
    'Maximum size of a package to prefetch, such as "500MB"; "0" means no limit.',
  ),
  keepVersions: key(
    "keep_versions",
    count(0, 1000),
    3,
    "Number of newest versions of each package to keep after they have left the databases.",
  ),
  cacheLowWaterPercent: key(
    "cache_low_water",
    count(1, 100),
    90,
    "Percentage of max_cache_size to which a cache is reduced once it exceeds that size.",
  ),
  minFreeBytes: key(
    "min_free_space",
    byteSize,
    "1GB",
    'Free disk space below which the cache is cleaned at once; "0" disables this.',
  ),
  pinnedPackages: key(
    "pinned_packages",
    listOrNone(pin, 'a list such as ["linux", "nvidia-*"]'),
    [],
    "Packages that are never removed: package names, file names, or globs of either with * and ?.",
  ),
  userAgent: key(
    "user_agent",
    userAgent,
    "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1 pkgstash",
    "User-Agent header sent to mirrors, some of which refuse clients that do not look like pacman.",
  ),
  upstreamProxy: key(
    "upstream_proxy",
    optional(proxyUrl),
    "",
    "URL of an HTTP, HTTPS or SOCKS5 proxy for requests to mirrors.",
  ),
  raceTimeoutMs: key(
    "race_timeout",
    duration(1, MAX_TIMER_MS),
    "1500ms",
    "Time for a mirror to begin its response before the next one is asked as well.",
  ),
  stallTimeoutMs: key(
    "stall_timeout",
    duration(1, MAX_TIMER_MS),
    "4s",
    "Time without data in the middle of a file before another mirror continues it.",
  ),
  answerTimeoutMs: key(
    "answer_timeout",
    duration(1, MAX_TIMER_MS),
    "9s",
    "Time within which a client gets the first byte or an error; pacman gives up after 10 s.",
  ),
  drainTimeoutMs: key(
    "drain_timeout",
    duration(0, MAX_TIMER_MS),
    "30s",
    "Time for transfers in flight to finish when the server stops.",
  ),
  missingSignatureAgeMs: key(
    "missing_signature_age",
    duration(0),
    "5m",
    "Time for which a signature that no mirror has is reported as missing without asking again.",
  ),
  archiveUrl: key(
    "archive_url",
    optional(webUrl),
    "",
    'Archive of package versions that mirrors have dropped, such as "https://archive.archlinux.org/packages".',
  ),
  logLevel: key(
    "log_level",
    choice(LOG_LEVELS),
    "info",
    "Least severe level that is logged.",
  ),
  logFormat: key(
    "log_format",
    choice(["text", "json"]),
    "text",
    "Format of the log: text for people, json for programs.",
  ),
};

/**
 * The keys of an upstream: at the top level for the main one, in a table of its own for any other.
 */
export const UPSTREAM_KEYS: {
  readonly [K in keyof Omit<UpstreamConfig, "name">]: ConfigKey<UpstreamConfig[K]>;
} = {
  mirrorUrls: key(
    "mirror_urls",
    list(
      mirrorUrl,
      'a list of mirrors such as ["https://mirror.example.org/archlinux/"]',
    ),
    undefined,
    "Mirrors, each as the URL of its root or as a URL with $repo and $arch, as in a mirrorlist.",
  ),
  repositories: key(
    "mirrored_repos",
    list(pathName("repository", "core"), 'a list of repositories such as ["core", "extra"]'),
    undefined,
    "Repositories to mirror.",
  ),
  architectures: key(
    "architectures",
    list(pathName("architecture", "x86_64"), 'a list of architectures such as ["x86_64"]'),
    ["x86_64"],
    "Architectures to mirror, the values of $arch.",
  ),
  upstreamLayout: key(
    "upstream_layout",
    layout,
    "$repo/os/$arch",
    "Path of a repository below the root of a mirror.",
  ),
  clientPath: key(
    "client_path",
    layout,
    undefined,
    "Path of a repository on this server; by default the name of the upstream's table followed by upstream_layout.",
  ),
};

/** The key of a further upstream that decides the defaults of its other keys. */
export const PRESET_KEY: ConfigKey<string> = key(
  "preset",
  choice(Object.keys(PRESETS)),
  undefined,
  "Distribution that provides the defaults of this table: mirrors, repositories and layout.",
);

/** The main upstream: its name, and defaults for the keys that have none in other upstreams. */
export const MAIN_UPSTREAM = {
  name: "arch",
  mirrorUrls: [
    "https://geo.mirror.pkgbuild.com/",
    "https://mirror.rackspace.com/archlinux/",
    "https://mirrors.kernel.org/archlinux/",
  ],
  repositories: ["core", "extra", "multilib"],
} as const;
