import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const DATABASE = z.object({
  repository: z.string().describe("Directory of the repository, such as core/os/x86_64."),
  generation: z.string().nullable().describe(
    "Name of the published snapshot; null before the first one.",
  ),
  mirror: z.string().nullable().describe("The mirror that the snapshot came from."),
  published_at: TIMESTAMP.nullable().describe("When the snapshot was published here."),
  last_modified: z.string().nullable().describe(
    "The date of the database, as in the mirror's Last-Modified header.",
  ),
  age_ms: COUNT.nullable().describe("Milliseconds since the snapshot was published here."),
  checked_ms: COUNT.nullable().describe(
    "Milliseconds since a mirror confirmed that it is current; null if none has since the " +
      "daemon started.",
  ),
  failed: z.boolean().describe("Whether the last refresh failed."),
  gone_since: TIMESTAMP.nullable().describe(
    "Since when no mirror has the repository anymore; null while one has. Clients get 404 once " +
      "that is vanished_age ago.",
  ),
}).describe("The database of a repository.");

const REQUESTS = z.object({
  hit: COUNT.describe("Served from the cache."),
  miss: COUNT.describe("Started a download."),
  join: COUNT.describe("Joined a download in flight."),
  stale: COUNT.describe("Served from the cache because no mirror could say whether it is current."),
  direct: COUNT.describe("Ranges fetched directly from a mirror."),
  not_modified: COUNT.describe("Answered 304."),
  not_found: COUNT.describe("Answered 404."),
  refused: COUNT.describe("Answered another 4xx status."),
  error: COUNT.describe("Answered a 5xx status."),
}).describe("Requests for files since the daemon started, by result.");

const MIRRORLIST = z.object({
  upstream: z.string().describe("The name of its upstream in the configuration."),
  path: z.string().describe("The file."),
  mirrors: COUNT.describe("How many of its mirrors are in force."),
  read_at: TIMESTAMP.nullable().describe("When they were read; null if the file never could be."),
  failure: z.string().nullable().describe(
    "Why the present file is not in force; null if it is.",
  ),
}).describe("A mirrorlist that is read again when it changes.");

const STATUS = z.object({
  version: z.string().describe("Version of pkgstash."),
  started_at: TIMESTAMP.describe("When the daemon started."),
  uptime_ms: COUNT.describe("Milliseconds since the daemon started."),
  requests: REQUESTS,
  hit_ratio: z.number().min(0).max(1).nullable().describe(
    "The share of requests for existing files that needed no transfer of their own, from 0 to 1; " +
      "null before the first such request.",
  ),
  bytes: z.object({
    served: COUNT.describe("Sent to clients."),
    fetched: COUNT.describe("Received from mirrors."),
    saved: COUNT.describe("Sent to clients beyond what was received from mirrors."),
  }).describe("Bytes of files since the daemon started."),
  cache: z.object({
    root: z.string().describe("The cache directory."),
    bytes: COUNT.nullable().describe(
      "Size of its files in bytes, at most a few seconds old; null if unknown.",
    ),
    packages: COUNT.describe("Number of packages."),
    max_bytes: COUNT.nullable().describe(
      "max_cache_size in bytes; null if unlimited.",
    ),
    problem: z.string().nullable().describe(
      "Why nothing can currently be stored, such as a read-only disk; null if it can. What is " +
        "cached is served, and everything else is passed through.",
    ),
    disk_free_bytes: COUNT.nullable().describe(
      "Free space on its disk in bytes; null if unknown.",
    ),
  }).describe("The cache."),
  refresh: z.enum(["running", "idle"]).describe("Whether a refresh is in progress."),
  databases: z.array(DATABASE).describe("The databases of the repositories in use."),
  mirrors: z.object({
    ready: COUNT.describe("Mirrors that are ready."),
    resting: COUNT.describe("Mirrors that rest after a failure."),
    unused: COUNT.describe("Mirrors that have not responded yet."),
  }).describe("Mirrors by state."),
  mirrorlists: z.array(MIRRORLIST).describe("The mirrorlists in the configuration."),
  downloads: COUNT.describe("Downloads in flight."),
  builds: z.object({
    waiting: COUNT.describe("Builds that wait."),
    running: COUNT.describe("Builds that a builder has, or that are being published."),
    held: COUNT.describe("Builds that a person must look at."),
    failed: COUNT.describe("Packages whose latest build failed."),
    builders: COUNT.describe("Builders seen recently."),
  }).describe("Builds by state."),
  messages: z.object({
    waiting: COUNT.describe("Messages about approvals that are not delivered yet."),
    failure: z.string().nullable().describe("Why the latest was not; null if none has failed."),
  }).describe("Messages about what waits for approval; see [notify]."),
  expiring_keys: z.array(
    z.object({
      fingerprint: z.string().describe("The fingerprint of the primary key."),
      expires_at: TIMESTAMP.describe("When it ceases to be valid."),
    }),
  ).describe("The keys that sign or will, and that expire within 30 days or have expired."),
}).describe("The status of the daemon.");

export type Status = z.infer<typeof STATUS>;
export type MirrorlistReport = z.infer<typeof MIRRORLIST>;
export type DatabaseReport = z.infer<typeof DATABASE>;

export const SHOW_STATUS = endpoint({
  method: "GET",
  path: "/api/v1/status",
  summary: "Show the daemon's status",
  answers: { 200: STATUS },
});
