import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT } from "./scalars.ts";

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

const CLEANUP_RESULT = z.object({
  dry_run: z.boolean().describe("Whether this was a dry run, which removes nothing."),
  bytes_freed: COUNT.describe("Size of the removed files in bytes."),
  files: z.array(REMOVED_FILE).describe("The removed files."),
  failed: z.array(
    z.object({ path: PATH, why: z.string().describe("Why it could not be removed.") })
      .describe("A file that could not be removed."),
  ).describe("Files that should have been removed, but could not be."),
  skipped: COUNT.describe(
    "Files that were left alone because they were used or replaced meanwhile.",
  ),
  kept: KEPT,
  unmet: z.string().nullable().describe(
    "Which limit could not be met, and why; null if all limits are met.",
  ),
}).describe("What a cleanup removed, or would remove.");

export type CleanupResult = z.infer<typeof CLEANUP_RESULT>;

export const CLEAN_UP = endpoint({
  method: "POST",
  path: "/api/v1/cleanup",
  summary: "Clean up the cache",
  isLong: true,
  query: {
    dry_run: z.enum(["true", "false"]).default("false").describe(
      "Whether to report only what would be removed.",
    ),
  },
  answers: { 200: CLEANUP_RESULT },
});
