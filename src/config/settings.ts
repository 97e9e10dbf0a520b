import { LOG_LEVELS } from "../log_level.ts";
import type { LogFormat } from "../platform/observability/logging.ts";
import type { ConfigKey } from "./schema.ts";
import {
  address,
  headerName,
  hostNameText,
  network,
  pin,
  proxyUrl,
  userAgent,
  userName,
  webUrl,
} from "./text_values.ts";
import {
  byteSize,
  choice,
  count,
  duration,
  flag,
  listOrNone,
  optional,
  path,
  port,
  timeWindow,
} from "./value_type.ts";

/** The chapters of the configuration's documentation. */
export type Topic =
  | "server"
  | "databases"
  | "prefetch"
  | "retention"
  | "verification"
  | "mirrors"
  | "log";

/** A key that is not about one upstream. */
export interface Setting<T> extends ConfigKey<T> {
  readonly topic: Topic;
  /** Whether a running daemon cannot change it. */
  readonly needsRestart?: boolean;
}

function setting<T>(setting: Setting<T>): Setting<T> {
  return setting;
}

/** The longest whole number of days that a timer can wait (2^31 - 1 ms). */
const MAX_TIMER_MS = 24 * 86_400_000;

/**
 * Every top-level key except those of the main upstream. The type of the configuration, help, the
 * manual page, the example file and the documentation are made from it.
 */
export const SETTINGS = {
  envFile: setting({
    name: "env_file",
    topic: "server",
    type: optional(path),
    defaultValue: "",
    description:
      "File of KEY=VALUE lines that are added to the environment; it contains PKGSTASH_TOKEN " +
      "and must not be accessible to other users.",
  }),
  cacheRoot: setting({
    name: "cache_root",
    topic: "server",
    needsRestart: true,
    type: path,
    defaultValue: "cache",
    description: "Cache directory. The installed binary defaults to /var/cache/pkgstash.",
  }),
  stateRoot: setting({
    name: "state_root",
    topic: "server",
    needsRestart: true,
    type: path,
    defaultValue: "state",
    description:
      "Directory of your own repositories, their keys and the tokens; never cleaned up. The " +
      "installed binary defaults to /var/lib/pkgstash.",
  }),
  listenAddress: setting({
    name: "listen_address",
    topic: "server",
    needsRestart: true,
    type: address,
    defaultValue: "::",
    description:
      'Address to listen on; "::" means all IPv6 and IPv4 addresses, or only IPv4 on a machine ' +
      "without IPv6.",
  }),
  port: setting({
    name: "port",
    topic: "server",
    needsRestart: true,
    type: port,
    defaultValue: 8090,
    description: "TCP port to listen on, as a number or a string; 0 lets the system choose one.",
  }),
  /** Null for plain HTTP. */
  tlsCertificate: setting({
    name: "tls_certificate",
    topic: "server",
    needsRestart: true,
    type: optional(path),
    defaultValue: "",
    description: "PEM file with the certificate chain; set it together with tls_key to enable " +
      "HTTPS.",
  }),
  /** Null exactly if `tlsCertificate` is. */
  tlsKey: setting({
    name: "tls_key",
    topic: "server",
    needsRestart: true,
    type: optional(path),
    defaultValue: "",
    description: "PEM file with the certificate's private key.",
  }),
  /** Addresses and networks. */
  trustedProxies: setting({
    name: "trusted_proxies",
    topic: "server",
    type: listOrNone(network, 'a list of addresses and networks such as ["127.0.0.1", "::1"]'),
    defaultValue: [],
    description:
      "Addresses and networks of reverse proxies, whose Forwarded or X-Forwarded-For header " +
      "identifies the client, and whose X-Forwarded-Proto says whether it uses TLS.",
  }),
  /** Addresses and networks; empty for everybody. */
  allowedNetworks: setting({
    name: "allowed_networks",
    topic: "server",
    type: listOrNone(network, 'a list of networks such as ["192.168.0.0/16", "fd00::/8"]'),
    defaultValue: [],
    description:
      "Networks whose clients are served, in addition to this machine; all others get 403. An " +
      "empty list means all networks.",
  }),
  resolveClientNames: setting({
    name: "resolve_client_names",
    topic: "server",
    type: flag,
    defaultValue: false,
    description:
      "Whether to look up the host names of clients once a day (reverse DNS), to show them " +
      "beside the addresses.",
  }),
  allowedHosts: setting({
    name: "allowed_hosts",
    topic: "server",
    type: listOrNone(hostNameText, 'a list of host names such as ["stash.example.org"]'),
    defaultValue: [],
    description:
      "Host names under which this server may be administered, in addition to its addresses, " +
      "localhost and this machine's name.",
  }),
  /** Null if no proxy says who a user is. */
  webUserHeader: setting({
    name: "web_user_header",
    topic: "server",
    type: optional(headerName),
    defaultValue: "",
    description:
      'Header in which a reverse proxy of trusted_proxies names the user that it has signed in, such as "Remote-User"; the web admin asks such users for no token.',
  }),
  webUserRole: setting({
    name: "web_user_role",
    topic: "server",
    type: choice<"none" | "viewer" | "approver" | "administrator">([
      "none",
      "viewer",
      "approver",
      "administrator",
    ]),
    defaultValue: "viewer",
    description:
      'What users of web_user_header may do who are in neither of the next two lists: "viewer", "approver", "administrator" or "none".',
  }),
  webApprovers: setting({
    name: "web_approvers",
    topic: "server",
    type: listOrNone(userName, 'a list of names such as ["anna"]'),
    defaultValue: [],
    description: "Users of web_user_header who may also approve, as the proxy writes their names.",
  }),
  webAdministrators: setting({
    name: "web_administrators",
    topic: "server",
    type: listOrNone(userName, 'a list of names such as ["anna"]'),
    defaultValue: [],
    description: "Users of web_user_header who may do everything.",
  }),
  /** 0 for no limit. */
  idleTimeoutMs: setting({
    name: "idle_timeout",
    topic: "server",
    type: duration(0, MAX_TIMER_MS),
    defaultValue: "60s",
    description:
      "Time after which a connection without a request in flight, or with an incomplete one, is " +
      'closed; "0" means never.',
  }),
  /** 0 for no limit. */
  maxConnections: setting({
    name: "max_connections",
    topic: "server",
    type: count(0, 1_000_000),
    defaultValue: 4096,
    description:
      "Maximum number of connections of all clients; beyond it, the connection that has been " +
      "idle longest is closed or, if none is idle, the newest gets 503. 0 means no limit.",
  }),
  /** 0 for no limit. */
  maxClientConnections: setting({
    name: "max_client_connections",
    topic: "server",
    type: count(0, 1_000_000),
    defaultValue: 1024,
    description:
      "Like max_connections, but for each client address that is not one of trusted_proxies, " +
      "and with 429; an IPv6 client counts as its /64 network. 0 means no limit.",
  }),
  /** 0 for no limit. */
  maxRequests: setting({
    name: "max_requests",
    topic: "server",
    type: count(0, 1_000_000),
    defaultValue: 2048,
    description:
      "Maximum number of concurrent requests of all clients; more get 503. 0 means no limit.",
  }),
  /** 0 for no limit. */
  maxClientRequests: setting({
    name: "max_client_requests",
    topic: "server",
    type: count(0, 1_000_000),
    defaultValue: 512,
    description:
      "Like max_requests, but for each client, and with 429. A network behind NAT counts as one " +
      "client. 0 means no limit.",
  }),
  /** 0 for no limit. */
  maxCacheBytes: setting({
    name: "max_cache_size",
    topic: "retention",
    type: byteSize,
    defaultValue: "0",
    description: 'Maximum size of the cache, such as "50GB" (1 GB is 1024 MB); "0" means no limit.',
  }),
  /** 0 for no limit. */
  maxCacheAgeMs: setting({
    name: "max_cache_age",
    topic: "retention",
    type: duration(0),
    defaultValue: "0",
    description:
      "Time after its last request when a package that has left the databases is removed, such " +
      'as "90d"; "0" means no limit.',
  }),
  databaseMaxAgeMs: setting({
    name: "database_max_age",
    topic: "databases",
    type: duration(0),
    defaultValue: "5m",
    description: "Time for which a sync database is served without checking mirrors for a newer " +
      "one.",
  }),
  /** 0 for never. */
  refreshIntervalMs: setting({
    name: "refresh_interval",
    topic: "databases",
    type: duration(0),
    defaultValue: "6h",
    description:
      "Interval between automatic refreshes of all databases, each followed by prefetch and " +
      'cleanup; "0" disables them.',
  }),
  refreshJitterMs: setting({
    name: "refresh_jitter",
    topic: "databases",
    type: duration(0),
    defaultValue: "15m",
    description:
      "Maximum random delay before each automatic refresh, to spread the load on mirrors.",
  }),
  rollbackAgeMs: setting({
    name: "rollback_age",
    topic: "databases",
    type: duration(0),
    defaultValue: "1d",
    description:
      "Time for which most mirrors must have offered only older databases before one of those " +
      "replaces the served one.",
  }),
  vanishedAgeMs: setting({
    name: "vanished_age",
    topic: "databases",
    type: duration(0),
    defaultValue: "1d",
    description:
      "Time for which a repository must be missing from all mirrors before clients get 404 " +
      "instead of its last database.",
  }),
  prefetch: setting({
    name: "prefetch",
    topic: "prefetch",
    type: flag,
    defaultValue: true,
    description: "Whether to fetch new versions of cached packages before a client requests them.",
  }),
  prefetchConcurrency: setting({
    name: "prefetch_concurrency",
    topic: "prefetch",
    type: count(1, 16),
    defaultValue: 2,
    description: "Number of packages to prefetch at the same time.",
  }),
  /** 0 for no limit. */
  prefetchBytesPerSecond: setting({
    name: "prefetch_bandwidth",
    topic: "prefetch",
    type: byteSize,
    defaultValue: "0",
    description:
      'Bandwidth limit of all prefetching together, in bytes per second, such as "2MB"; "0" ' +
      "means no limit.",
  }),
  /** In local time; null for any time. */
  prefetchWindow: setting({
    name: "prefetch_window",
    topic: "prefetch",
    type: optional(timeWindow),
    defaultValue: "",
    description:
      'Local time window in which prefetching may start, such as "01:00-06:30"; "" means any ' +
      "time.",
  }),
  /** 0 for no limit. */
  prefetchMaxIdleMs: setting({
    name: "prefetch_max_idle",
    topic: "prefetch",
    type: duration(0),
    defaultValue: "30d",
    description:
      'Time after its last request when a package is no longer prefetched; "0" means no limit.',
  }),
  /** 0 for no limit. */
  prefetchMaxUnused: setting({
    name: "prefetch_max_unused",
    topic: "prefetch",
    type: count(0, 1000),
    defaultValue: 3,
    description:
      "Number of consecutive prefetched versions without a request after which a package is no " +
      "longer prefetched; 0 means no limit.",
  }),
  /** 0 for no limit. */
  prefetchMaxPackageBytes: setting({
    name: "prefetch_max_package_size",
    topic: "prefetch",
    type: byteSize,
    defaultValue: "0",
    description: 'Maximum size of a package to prefetch, such as "500MB"; "0" means no limit.',
  }),
  keepVersions: setting({
    name: "keep_versions",
    topic: "retention",
    type: count(0, 1000),
    defaultValue: 3,
    description:
      "Number of newest versions of each package to keep after they have left the databases.",
  }),
  cacheLowWaterPercent: setting({
    name: "cache_low_water",
    topic: "retention",
    type: count(1, 100),
    defaultValue: 90,
    description:
      "Percentage of max_cache_size to which the cache is reduced once it exceeds that size.",
  }),
  /** 0 for no minimum. */
  minFreeBytes: setting({
    name: "min_free_space",
    topic: "retention",
    type: byteSize,
    defaultValue: "1GB",
    description: 'Free disk space below which the cache is cleaned up immediately; "0" disables ' +
      "this.",
  }),
  /** 0 for never. */
  verifyIntervalMs: setting({
    name: "verify_interval",
    topic: "verification",
    type: duration(0),
    defaultValue: "14d",
    description:
      "Interval between automatic verifications of the cache, which quarantine damaged files " +
      'and fetch them again; "0" disables them.',
  }),
  /** 0 for no limit. */
  verifyBytesPerSecond: setting({
    name: "verify_bandwidth",
    topic: "verification",
    type: byteSize,
    defaultValue: "50MB",
    description:
      'Read rate limit of verifications, in bytes per second, such as "20MB"; "0" means no limit.',
  }),
  /** Patterns, see `matchesPackage`. */
  pinnedPackages: setting({
    name: "pinned_packages",
    topic: "retention",
    type: listOrNone(pin, 'a list such as ["linux", "nvidia-*"]'),
    defaultValue: [],
    description:
      "Packages that are never removed: package names, file names, or globs of either with * " +
      "and ?.",
  }),
  userAgent: setting({
    name: "user_agent",
    topic: "mirrors",
    type: userAgent,
    defaultValue: "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1 pkgstash",
    description:
      "User-Agent header sent to mirrors; some reject clients that do not identify as pacman.",
  }),
  upstreamProxy: setting({
    name: "upstream_proxy",
    topic: "mirrors",
    type: optional(proxyUrl),
    defaultValue: "",
    description:
      "URL of an HTTP, HTTPS or SOCKS5 proxy for requests to mirrors; the proxy resolves host " +
      "names, with socks5:// as well as socks5h://.",
  }),
  raceTimeoutMs: setting({
    name: "race_timeout",
    topic: "mirrors",
    type: duration(1, MAX_TIMER_MS),
    defaultValue: "1500ms",
    description: "Time that a mirror has to start its response before the next one is tried in " +
      "parallel.",
  }),
  stallTimeoutMs: setting({
    name: "stall_timeout",
    topic: "mirrors",
    type: duration(1, MAX_TIMER_MS),
    defaultValue: "4s",
    description: "Time without data in mid-transfer after which another mirror continues the " +
      "file.",
  }),
  /** 0 for none. */
  minimumBytesPerSecond: setting({
    name: "minimum_rate",
    topic: "mirrors",
    type: byteSize,
    defaultValue: "100KB",
    description:
      'Rate in bytes per second below which another mirror is tried for the rest of a file; "0" ' +
      "means only if that mirror is known to be much faster.",
  }),
  /** 0 for none. */
  stripeThresholdBytes: setting({
    name: "stripe_threshold",
    topic: "mirrors",
    type: byteSize,
    defaultValue: "16MB",
    description:
      "Minimum size of a listed package to fetch from several mirrors in parallel, if a single " +
      'mirror is the bottleneck; "0" means never.',
  }),
  /** 0 for no limit. */
  maxOpenUploads: setting({
    name: "max_open_uploads",
    topic: "server",
    type: count(0, 10_000),
    defaultValue: 16,
    description:
      "Maximum number of uploads that each upload token may have open at the same time. 0 means " +
      "no limit.",
  }),
  /** 0 for no limit. */
  maxUploadBytes: setting({
    name: "max_upload_size",
    topic: "server",
    type: byteSize,
    defaultValue: "50GB",
    description: 'Maximum total size of the open uploads of each upload token; "0" means no limit.',
  }),
  publicUrl: setting({
    name: "public_url",
    topic: "server",
    type: optional(webUrl),
    defaultValue: "",
    description:
      'Public URL of this server, such as "https://packages.example.org". Messages link to it; ' +
      "without it, they name the command instead.",
  }),
  answerTimeoutMs: setting({
    name: "answer_timeout",
    topic: "server",
    type: duration(1, MAX_TIMER_MS),
    defaultValue: "9s",
    description:
      "Time within which a client gets the first byte or an error; pacman gives up after 10 s.",
  }),
  drainTimeoutMs: setting({
    name: "drain_timeout",
    topic: "server",
    type: duration(0, MAX_TIMER_MS),
    defaultValue: "30s",
    description: "Time for transfers in flight to finish when the server stops.",
  }),
  missingSignatureAgeMs: setting({
    name: "missing_signature_age",
    topic: "databases",
    type: duration(0),
    defaultValue: "5m",
    description:
      "Maximum time for which a signature that no mirror has is reported as missing without " +
      "checking again.",
  }),
  /** Root of a package pool laid out like that of the Arch Linux Archive; null for none. */
  archiveUrl: setting({
    name: "archive_url",
    topic: "mirrors",
    type: optional(webUrl),
    defaultValue: "",
    description: "Archive of package versions that mirrors have dropped, such as " +
      '"https://archive.archlinux.org/packages".',
  }),
  logLevel: setting({
    name: "log_level",
    topic: "log",
    type: choice(LOG_LEVELS),
    defaultValue: "info",
    description: `Least severe level to log: ${LOG_LEVELS.join(", ")}.`,
  }),
  logFormat: setting({
    name: "log_format",
    topic: "log",
    type: choice<LogFormat>(["text", "json"]),
    defaultValue: "text",
    description: "Format of the log: text for people, json for machines.",
  }),
};
