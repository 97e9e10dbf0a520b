import { choice, count, flag, list, nullable, object, text, type TypeOf } from "./schema.ts";

const KEPT = object({
  files: count("packages"),
  bytes: count("of those"),
  current: count("named by a database, or by one that cannot be read"),
  pinned: count("pinned"),
  in_flight: count("being fetched"),
}, "Packages that stay; one may be current, pinned and in flight at once.");

/** `POST /api/v1/cleanup`. */
export const CLEANUP_REPORT = object({
  dry_run: flag("whether nothing was removed"),
  bytes_freed: count("by all files"),
  files: list(
    object({
      path: text("path below the cache directory"),
      bytes: count("of a package, those of its signature among them"),
      reason: choice(
        [
          "superseded",
          "unused",
          "size",
          "free_space",
          "orphan_signature",
          "stale_part",
          "temporary",
          "gone_repository",
        ],
        "for programs",
      ),
      why: text("the reason in words"),
    }, "A file that goes."),
    "what goes",
  ),
  failed: list(
    object({ path: text("path below the cache directory"), why: text("the reason") }, "A file."),
    "what should have gone and could not be removed",
  ),
  skipped: count("files left alone after all, as they were used or replaced in the meantime"),
  kept: KEPT,
  unmet: nullable(text("which limit could not be met and why; null when all are")),
}, "What a cleanup did, or would do.");

export type CleanupResult = TypeOf<typeof CLEANUP_REPORT>;
