import {
  choice,
  count,
  flag,
  list,
  nullable,
  number,
  object,
  text,
  type TypeOf,
} from "./schema.ts";

export const DATABASE = object({
  repository: text("directory, like core/os/x86_64"),
  generation: nullable(text("name of the published set; null when there is none yet")),
  mirror: nullable(text("the mirror that it was copied from")),
  published_at: nullable(text("when it was published here, ISO 8601")),
  last_modified: nullable(text("the database's date as the mirror gave it")),
  age_ms: nullable(count("milliseconds since it was published here")),
  checked_ms: nullable(
    count(
      "milliseconds since a mirror said that it is current; null before the first since the start",
    ),
  ),
  failed: flag("whether the last attempt to refresh it failed"),
}, "The database of a repository.");

/** `GET /api/v1/status`. */
export const STATUS = object({
  version: text("of pkgstash"),
  started_at: text("ISO 8601"),
  uptime_ms: count("milliseconds since the start"),
  requests: object(
    {
      hit: count("from the cache"),
      miss: count("started a download"),
      join: count("read a download in flight"),
      stale: count("from the cache, as no mirror could say whether there is something newer"),
      direct: count("a range straight from a mirror"),
      not_modified: count("304"),
      not_found: count("404"),
      refused: count("another 4xx"),
      error: count("5xx"),
    },
    "Requests for files since the start, by how they ended.",
  ),
  hit_ratio: nullable(
    number(
      "part of the requests that came to a file which needed no transfer of their own, 0 to 1",
    ),
  ),
  bytes: object({
    served: count("sent to clients"),
    fetched: count("received from mirrors"),
    saved: count("sent to clients beyond what was received from mirrors"),
  }, "Bytes of files since the start."),
  cache: object({
    root: text("the cache directory"),
    bytes: nullable(count("bytes of all files in it, counted seconds ago at most")),
    packages: count("packages on record"),
    max_bytes: nullable(count("max_cache_size; null for no limit")),
    disk_free_bytes: nullable(count("bytes free on its disk; null when that is not known")),
  }, "The cache."),
  refresh: choice(["running", "idle"], "whether a refresh is under way"),
  databases: list(DATABASE, "of the repositories in use"),
  mirrors: object({
    ready: count("how many"),
    resting: count("how many"),
    unused: count("how many"),
  }, "Mirrors by state."),
  downloads: count("downloads in flight"),
}, "How the daemon is doing.");

export type Status = TypeOf<typeof STATUS>;
export type DatabaseReport = TypeOf<typeof DATABASE>;
