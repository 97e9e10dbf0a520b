import { choice, count, nullable, object, oneOf, text, type TypeOf } from "./schema.ts";

const reason = text("why");
const repository = text("directory of the repository");
const file = text("path below the server's root");

/** A line of the answer to `POST /api/v1/refresh`. */
export const REFRESH_PROGRESS = oneOf([
  object({
    event: choice(["database"], "databases come first, all at once"),
    repository,
    status: choice(["started", "current", "updated"], "how it goes"),
  }, "A database."),
  object({
    event: choice(["database"], "databases come first, all at once"),
    repository,
    status: choice(["failed"], "it could not be refreshed"),
    reason,
  }, "A database that failed."),
  object({
    event: choice(["plan"], "what is prefetched next"),
    files: count("packages"),
    bytes: nullable(count("of all; null if that is not known")),
  }, "What is going to be prefetched."),
  object({
    event: choice(["prefetch"], "a package"),
    file,
    status: choice(["started"], "it is being fetched"),
    bytes: nullable(count("its size by the database")),
  }, "A package."),
  object({
    event: choice(["prefetch"], "a package"),
    file,
    status: choice(["fetched"], "it is in the cache"),
    bytes: count("that came from a mirror"),
  }, "A package that is there."),
  object({
    event: choice(["prefetch"], "a package"),
    file,
    status: choice(["failed"], "it could not be fetched"),
    reason,
  }, "A package that failed."),
  object({
    event: choice(["prefetch"], "the rest"),
    file: { json: { type: "null" } } as { json: { type: "null" }; type?: null },
    status: choice(["postponed"], "not now"),
    reason,
  }, "The packages that are left for later."),
  object({
    event: choice(["cleanup"], "the last step"),
    status: choice(["done"], "it was done"),
    removed: count("files"),
    bytes_freed: count("by them"),
  }, "The cleanup."),
  object({
    event: choice(["cleanup"], "the last step"),
    status: choice(["skipped"], "it was not done"),
    reason,
  }, "The cleanup that was left out."),
  object({
    event: choice(["done"], "the end, unless something failed"),
    databases: count("repositories"),
    failed: count("of those, how many failed"),
    prefetched: count("packages"),
  }, "What it came to."),
  object({
    event: choice(["failed"], "the end"),
    kind: text("what went wrong, for programs; conflict if another refresh is under way"),
    reason,
  }, "Why it failed, in whole or in part."),
], "How the refresh goes; the last line is done or failed.");

export type RefreshProgressEvent = TypeOf<typeof REFRESH_PROGRESS>;
