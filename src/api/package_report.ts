import { count, flag, list, nullable, object, text, type TypeOf } from "./schema.ts";

export const PACKAGE = object({
  path: text("path below the server's root"),
  directory: text("the repository's directory, like core/os/x86_64"),
  file: text("the file's name"),
  name: text("the package's name"),
  version: text("version and release"),
  bytes: count("of the package and its signature"),
  signed: flag("whether its signature is cached"),
  fetched_at: text("when it came into the cache, ISO 8601"),
  used_at: text("when a client last took it, or when it came, ISO 8601"),
  uses: count("how often clients took it"),
  pinned: flag("whether cleanup leaves it alone"),
  current: nullable(flag("whether a database names it; null when that is not known")),
  in_flight: flag("whether it, or its signature, is being fetched"),
}, "A package in the cache.");

/** `GET /api/v1/packages`. */
export const PACKAGE_LIST = object({
  packages: list(PACKAGE, "by path"),
  bytes: count("of those listed"),
}, "Packages in the cache.");

export const REMOVED_PACKAGE = object({
  path: text("path below the server's root"),
  bytes_freed: count("of the package and its signature"),
}, "What was removed.");

export type PackageReport = TypeOf<typeof PACKAGE>;
export type PackageList = TypeOf<typeof PACKAGE_LIST>;
