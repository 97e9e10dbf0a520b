import { isBearerToken } from "../formats/http/bearer_token.ts";
import { LOG_LEVELS } from "../log_level.ts";
import type { Config, UpstreamConfig } from "./config.ts";
import { PRESETS } from "./presets.ts";
import { address, layout, mirrorUrl, name, pin, proxyUrl, url, userAgent } from "./text_values.ts";
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

/** One key of the configuration. */
export interface ConfigKey<T> {
  /** Its name in TOML. */
  readonly name: string;
  readonly type: ValueType<T>;
  /** The default as it would stand in TOML; undefined where there is none. */
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

/** The environment variable that overrides a key of the top level. */
export function environmentName(key: ConfigKey<unknown>): string {
  return `PKGSTASH_${key.name.toUpperCase()}`;
}

/** The secret that is not a key, since a configuration file may be read by everybody. */
export const TOKEN_VARIABLE = {
  name: "PKGSTASH_TOKEN",
  description: "Bearer token of the administrative API, from the environment or from env_file.",
  accepts: isBearerToken,
} as const;

/** The longest time a timer can wait: 2^31 - 1 ms, as whole days. */
const LONGEST_TIMER = 24 * 86_400_000;

/** Every key of the top level except those of the main upstream. */
export const SETTINGS: {
  readonly [K in keyof Omit<Config, "token" | "upstreams">]: ConfigKey<Config[K]>;
} = {
  envFile: key(
    "env_file",
    optional(path),
    "",
    "File of KEY=VALUE lines that count as environment variables; it holds PKGSTASH_TOKEN and must not be accessible to everybody.",
  ),
  cacheRoot: key("cache_root", path, "cache", "Directory that the cache is stored in."),
  listenAddress: key(
    "listen_address",
    address,
    "0.0.0.0",
    'Address to listen on; "::" listens on IPv6 as well.',
  ),
  port: key("port", port, 8090, "TCP port to listen on, as a number or a string."),
  tlsCertificate: key(
    "tls_certificate",
    optional(path),
    "",
    "PEM file with the certificate chain; together with tls_key it turns HTTPS on.",
  ),
  tlsKey: key("tls_key", optional(path), "", "PEM file with the certificate's private key."),
  maxCacheBytes: key(
    "max_cache_size",
    byteSize,
    "0",
    'Size that the cache is kept below, such as "50GB" (1 GB is 1024 MB); "0" is no limit.',
  ),
  maxCacheAgeMs: key(
    "max_cache_age",
    duration(0),
    "0",
    'Time after which a package that nobody asked for is removed, such as "90d"; "0" is no limit.',
  ),
  databaseMaxAgeMs: key(
    "database_max_age",
    duration(0),
    "5m",
    "Time for which a sync database is served without asking a mirror for a newer one.",
  ),
  refreshIntervalMs: key(
    "refresh_interval",
    duration(0, LONGEST_TIMER),
    "6h",
    'Time between refreshes of all databases, with prefetch and cleanup; "0" is never.',
  ),
  refreshJitterMs: key(
    "refresh_jitter",
    duration(0, LONGEST_TIMER),
    "15m",
    "Each of those refreshes is put off by a random part of this, to spare the mirrors.",
  ),
  rollbackAgeMs: key(
    "rollback_age",
    duration(0),
    "1d",
    "Time for which all mirrors must have agreed on an older database before it replaces a newer one.",
  ),
  prefetch: key(
    "prefetch",
    flag,
    true,
    "Whether the next versions of cached packages are fetched before anyone asks.",
  ),
  prefetchConcurrency: key(
    "prefetch_concurrency",
    count(1, 16),
    2,
    "How many packages are prefetched at a time.",
  ),
  prefetchBytesPerSecond: key(
    "prefetch_bandwidth",
    byteSize,
    "0",
    'Bytes per second that prefetching may take in all, such as "2MB"; "0" is no limit.',
  ),
  prefetchWindow: key(
    "prefetch_window",
    optional(timeWindow),
    "",
    'Local time of day in which packages are prefetched, such as "01:00-06:30"; "" is any.',
  ),
  prefetchMaxIdleMs: key(
    "prefetch_max_idle",
    duration(0),
    "30d",
    'A package that nobody asked for in this time is not prefetched; "0" is no limit.',
  ),
  prefetchMaxUnused: key(
    "prefetch_max_unused",
    count(0, 1000),
    3,
    "A package is not prefetched after this many prefetched versions that nobody took; 0 is no limit.",
  ),
  prefetchMaxPackageBytes: key(
    "prefetch_max_package_size",
    byteSize,
    "0",
    'A larger package is not prefetched, such as "500MB"; "0" is no limit.',
  ),
  keepVersions: key(
    "keep_versions",
    count(0, 1000),
    3,
    "How many of a package's newest versions stay when no database names them any more.",
  ),
  cacheLowWaterPercent: key(
    "cache_low_water",
    count(1, 100),
    90,
    "Percentage of max_cache_size down to which a cache that is too large is cleaned.",
  ),
  minFreeBytes: key(
    "min_free_space",
    byteSize,
    "1GB",
    'Free disk space below which the cache is cleaned at once; "0" is none.',
  ),
  pinnedPackages: key(
    "pinned_packages",
    listOrNone(pin, 'a list such as ["linux", "nvidia-*"]'),
    [],
    "Packages that are never removed: names, globs with * and ?, or file names.",
  ),
  userAgent: key(
    "user_agent",
    userAgent,
    "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1 pkgstash",
    "User-Agent sent to mirrors; some refuse clients that do not look like pacman.",
  ),
  upstreamProxy: key(
    "upstream_proxy",
    optional(proxyUrl),
    "",
    "HTTP, HTTPS or SOCKS5 proxy that mirrors are reached through.",
  ),
  raceTimeoutMs: key(
    "race_timeout",
    duration(1, LONGEST_TIMER),
    "1500ms",
    "Time that a mirror has to begin its answer before the next one is asked as well.",
  ),
  stallTimeoutMs: key(
    "stall_timeout",
    duration(1, LONGEST_TIMER),
    "4s",
    "Time that a mirror may be silent in the middle of a file before another one continues it.",
  ),
  answerTimeoutMs: key(
    "answer_timeout",
    duration(1, LONGEST_TIMER),
    "9s",
    "Time within which a client gets its first byte or an error; pacman gives up after 10 s.",
  ),
  drainTimeoutMs: key(
    "drain_timeout",
    duration(0, LONGEST_TIMER),
    "30s",
    "Time that transfers in flight are given when the server stops.",
  ),
  missingSignatureAgeMs: key(
    "missing_signature_age",
    duration(0),
    "5m",
    "Time for which a signature that no mirror has is answered as missing without asking again.",
  ),
  archiveUrl: key(
    "archive_url",
    optional(url),
    "",
    'Archive for versions that every mirror has dropped, such as "https://archive.archlinux.org/packages".',
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
    "Form of the log: text for people, json for machines.",
  ),
};

/** The keys of an upstream; the main one has them at the top level, others in their own table. */
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
    "Mirrors, each as its root or as a pacman line with $repo and $arch.",
  ),
  repositories: key(
    "mirrored_repos",
    list(name("repository", "core"), 'a list of repositories such as ["core", "extra"]'),
    undefined,
    "Repositories that are mirrored.",
  ),
  architectures: key(
    "architectures",
    list(name("architecture", "x86_64"), 'a list of architectures such as ["x86_64"]'),
    ["x86_64"],
    "Architectures that are mirrored, the values of $arch.",
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
    "Path of a repository below this server; unless given, the name of the upstream's table and upstream_layout.",
  ),
};

/** The key of a further upstream that gives the others their defaults. */
export const PRESET_KEY: ConfigKey<string> = key(
  "preset",
  choice(Object.keys(PRESETS)),
  undefined,
  "Distribution whose mirrors, repositories and layout are the defaults of this table.",
);

/** The main upstream: its name, and the defaults of the keys that a further upstream must give. */
export const MAIN_UPSTREAM = {
  name: "arch",
  mirrorUrls: [
    "https://geo.mirror.pkgbuild.com/",
    "https://mirror.rackspace.com/archlinux/",
    "https://mirrors.kernel.org/archlinux/",
  ],
  repositories: ["core", "extra", "multilib"],
} as const;
