import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { LIMIT, numberInQuery } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const PATH = z.string().describe("Path below the cache directory.");

const REMOVED_FILE = z.object({
  path: PATH,
  bytes: COUNT.describe("Size in bytes; that of a package includes its signature."),
  reason: z.enum([
    "superseded",
    "unused",
    "size",
    "free_space",
    "orphan_signature",
    "stale_part",
    "temporary",
    "gone_repository",
    "quarantined",
  ]).describe("Why it is removed, for programs."),
  why: z.string().describe("Why it is removed, in words."),
}).describe("A removed file.");

const KEPT = z.object({
  files: COUNT.describe("Number of packages and of files of extra_paths."),
  bytes: COUNT.describe("Their size in bytes."),
  current: COUNT.describe("Packages listed in a database, or whose database cannot be read."),
  pinned: COUNT.describe("Pinned packages."),
  in_flight: COUNT.describe("Packages that are being downloaded."),
}).describe("Packages that are kept. One may be current, pinned and in flight at once.");

const FAILED_REMOVAL = z.object({
  path: PATH,
  why: z.string().describe("Why it could not be removed."),
}).describe("A file that could not be removed.");

const CLEANUP_RESULT = z.object({
  plan: z.string().describe(
    "Identifies the plan: equal if the same files are removed for the same reasons.",
  ),
  dry_run: z.boolean().describe("Whether this was a dry run, which removes nothing."),
  bytes_freed: COUNT.describe("Size of the removed files in bytes."),
  files: z.array(REMOVED_FILE).describe("The removed files."),
  failed: z.array(FAILED_REMOVAL).describe(
    "Files that should have been removed, but could not be.",
  ),
  skipped: COUNT.describe(
    "Files that were left alone because they were used or replaced meanwhile.",
  ),
  kept: KEPT,
  unmet: z.string().nullable().describe(
    "Which limit could not be met, and why; null if all limits are met.",
  ),
}).describe("What a cleanup removed, or would remove.");

const CLEANUP_RUN = z.object({
  number: COUNT.describe("Counts upwards."),
  at: TIMESTAMP.describe("When it began."),
  duration_ms: COUNT.describe("How long it took."),
  cause: z.enum(["requested", "refresh", "prefetch", "room"]).describe(
    "An administrator, the end of a refresh, a long prefetch, or a lack of room on the disk.",
  ),
  files: COUNT.describe("How many files were removed."),
  bytes_freed: COUNT.describe("Their size in bytes."),
  removed: z.array(
    z.object({
      reason: z.string().describe("Why they were removed, for programs."),
      files: COUNT.describe("How many files."),
      bytes: COUNT.describe("Their size in bytes."),
    }).describe("The files that were removed for one reason."),
  ).describe("The removed files by reason."),
  failed: COUNT.describe("How many files could not be removed."),
  failures: z.array(FAILED_REMOVAL).describe("The first of them."),
  skipped: COUNT.describe("How many were left alone because they were used or replaced."),
  unmet: z.string().nullable().describe(
    "Which limit could not be met, and why; null if all were met.",
  ),
}).describe("A cleanup that ran.");

const CLEANUP_RUNS = z.object({
  runs: z.array(CLEANUP_RUN).describe(
    "Newest first. Of consecutive ones that removed nothing, one is kept.",
  ),
}).describe("Past cleanups.");

const REMOVAL = z.object({
  number: COUNT.describe("Counts upwards."),
  at: TIMESTAMP.describe("When it was removed."),
  path: PATH,
  bytes: COUNT.describe("Size in bytes; that of a package includes its signature."),
  reason: z.string().describe(
    "Why, for programs: as in a cleanup, or requested, or replaced by a rebuilt package.",
  ),
  why: z.string().describe("Why, in words."),
  cleanup: COUNT.nullable().describe("The number of the cleanup; null if it was none."),
}).describe("A file that was removed from the cache.");

const REMOVALS = z.object({
  removals: z.array(REMOVAL).describe("Newest first. The last 20,000 are kept."),
}).describe("Removed files.");

const LIMITS = z.object({
  cache_bytes: COUNT.nullable().describe("What the cache holds, in bytes; null if unknown."),
  max_cache_bytes: COUNT.nullable().describe("max_cache_size in bytes; null if unlimited."),
  low_water_bytes: COUNT.nullable().describe(
    "The size to which a cache that is too large is reduced; null if unlimited.",
  ),
  free_bytes: COUNT.nullable().describe("Free space on the disk in bytes; null if unknown."),
  min_free_bytes: COUNT.nullable().describe("min_free_space in bytes; null if there is none."),
  max_age_ms: COUNT.nullable().describe("max_cache_age in milliseconds; null if unlimited."),
  keep_versions: COUNT.describe("keep_versions."),
  next_at: TIMESTAMP.nullable().describe(
    "When the next refresh, which ends with a cleanup, begins; null if none is scheduled.",
  ),
}).describe("The limits of the cache.");

export type CleanupResult = z.infer<typeof CLEANUP_RESULT>;
export type CleanupRun = z.infer<typeof CLEANUP_RUN>;
export type RemovalReport = z.infer<typeof REMOVAL>;
export type CleanupLimits = z.infer<typeof LIMITS>;

export const CLEAN_UP = endpoint({
  method: "POST",
  path: "/api/v1/cleanup",
  summary: "Clean up the cache",
  isLong: true,
  query: {
    dry_run: z.enum(["true", "false"]).default("false").describe(
      "Whether to report only what would be removed.",
    ),
    plan: z.string().optional().describe(
      "The `plan` of a dry run: the cleanup follows it exactly, or removes nothing if it has changed.",
    ),
  },
  answers: { 200: CLEANUP_RESULT },
  failures: { 409: "The plan has changed" },
});

const BEFORE = numberInQuery(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).describe(
  "Only those with lower numbers.",
);

export const LIST_CLEANUPS = endpoint({
  method: "GET",
  path: "/api/v1/cleanup/runs",
  summary: "List past cleanups",
  query: { limit: LIMIT, before: BEFORE },
  answers: { 200: CLEANUP_RUNS },
});

export const LIST_REMOVALS = endpoint({
  method: "GET",
  path: "/api/v1/cleanup/removals",
  summary: "List the files that were removed, and why",
  query: {
    q: z.string().max(200).optional().describe(
      "Only files whose path contains all of these words, in any case.",
    ),
    run: numberInQuery(Number.MAX_SAFE_INTEGER, 0).describe(
      "Only files that the cleanup of this number removed.",
    ),
    limit: LIMIT,
    before: BEFORE,
  },
  answers: { 200: REMOVALS },
});

export const SHOW_CLEANUP_LIMITS = endpoint({
  method: "GET",
  path: "/api/v1/cleanup/limits",
  summary: "Show the limits of the cache, and how near it is to them",
  answers: { 200: LIMITS },
});
