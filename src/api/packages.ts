import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { OFFSET, OPTIONAL_LIMIT } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const KEPT_BECAUSE = z.enum(["current", "unknown", "pinned", "version", "in_flight"]).describe(
  "Why cleanup keeps a package: a database lists it, its database is not known, a pin, " +
    "keep_versions, or its download. All but pins and downloads give way if room is needed.",
);

const PACKAGE = z.object({
  path: z.string().describe("Path below the server's root."),
  directory: z.string().describe("Directory of the repository, such as core/os/x86_64."),
  file: z.string().describe("File name."),
  name: z.string().describe("Package name."),
  version: z.string().describe("Version and release."),
  bytes: COUNT.describe("Size of the package and its signature in bytes."),
  signed: z.boolean().describe("Whether the signature is cached."),
  fetched_at: TIMESTAMP.describe("When the package entered the cache."),
  used_at: TIMESTAMP.describe(
    "When a client last requested the package, or when it entered the cache.",
  ),
  uses: COUNT.describe("How many times clients have requested the package."),
  pinned: z.boolean().describe("Whether a pin protects the package from cleanup."),
  current: z.boolean().nullable().describe(
    "Whether the package is listed in a database; null if unknown.",
  ),
  in_flight: z.boolean().describe("Whether the package or its signature is being downloaded."),
  kept_because: z.array(KEPT_BECAUSE).describe("Why cleanup keeps it; empty if nothing does."),
}).describe("A cached package.");

const LISTED_VERSION = z.object({
  directory: z.string().describe("Directory of the repository."),
  version: z.string().describe("The version that its database lists."),
}).describe("A package of a database.");

const PACKAGE_LIST = z.object({
  packages: z.array(PACKAGE).describe("The packages of this page."),
  total: COUNT.describe("How many match, on all pages."),
  bytes: COUNT.describe("The total size of all that match in bytes."),
  nothing_found: z.object({
    name: z.string().nullable().describe(
      "The searched name if a database lists it, otherwise the most similar one; null if none is.",
    ),
    is_cached: z.boolean().describe("Whether a package of this name is cached."),
    listed: z.array(LISTED_VERSION).describe(
      "The databases that list it: a package is cached when a client requests it.",
    ),
  }).nullable().describe("What may be meant instead; null if something matches."),
}).describe("Cached packages.");

const PACKAGE_DETAILS = PACKAGE.extend({
  sha256: z.string().nullable().describe(
    "SHA-256 of the file; null for one that was found on disk, until it has been read.",
  ),
  listed: z.array(LISTED_VERSION).describe("What databases list under the package's name."),
  newer_version: z.string().nullable().describe(
    "The version that its own database lists, if that is newer.",
  ),
  versions: z.array(PACKAGE).describe(
    "All cached versions of the package, in every repository, the newest first.",
  ),
}).describe("A cached package in detail.");

const REMOVED_PACKAGE = z.object({
  path: z.string().describe("Path below the server's root."),
  bytes_freed: COUNT.describe("Size of the package and its signature in bytes."),
}).describe("A removed package.");

export type PackageReport = z.infer<typeof PACKAGE>;
export type PackageDetails = z.infer<typeof PACKAGE_DETAILS>;
export type PackageList = z.infer<typeof PACKAGE_LIST>;
export type RemovedPackage = z.infer<typeof REMOVED_PACKAGE>;

const pathParameters = {
  directory: z.string().describe(
    "Directory of the repository, such as core/os/x86_64. Slashes may be sent as / or as %2F.",
  ),
  file: z.string().describe("File name of the package."),
};

export const LIST_PACKAGES = endpoint({
  method: "GET",
  path: "/api/v1/packages",
  summary: "List the cached packages",
  isLong: true,
  query: {
    name: z.string().optional().describe(
      "Only packages with this name or file name. * and ? are wildcards.",
    ),
    repository: z.string().optional().describe(
      "Only packages of this repository, given by name or directory.",
    ),
    q: z.string().max(200).optional().describe(
      "Only packages whose path contains all of these words, in any case.",
    ),
    kept: z.enum([...KEPT_BECAUSE.options, "nothing"]).optional().describe(
      "Only packages that cleanup keeps for this reason, or for none.",
    ),
    sort: z.enum(["path", "name", "size", "used_at", "fetched_at", "uses"]).default("path")
      .describe("What to sort by."),
    descending: z.enum(["true", "false"]).default("false").describe(
      "Whether the largest comes first.",
    ),
    limit: OPTIONAL_LIMIT,
    offset: OFFSET,
  },
  answers: { 200: PACKAGE_LIST },
});

export const SHOW_PACKAGE = endpoint({
  method: "GET",
  path: "/api/v1/packages/{+directory}/{file}",
  summary: "Show a cached package",
  isLong: true,
  pathParameters,
  answers: { 200: PACKAGE_DETAILS },
  failures: { 404: "The package is not cached" },
});

export const REMOVE_PACKAGE = endpoint({
  method: "DELETE",
  path: "/api/v1/packages/{+directory}/{file}",
  summary: "Remove a package and its signature, even if it is pinned",
  isLong: true,
  pathParameters,
  answers: { 200: REMOVED_PACKAGE },
  failures: { 404: "The package is not cached", 409: "The package is being downloaded" },
});
