import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

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
}).describe("A cached package.");

const PACKAGE_LIST = z.object({
  packages: z.array(PACKAGE).describe("The packages, ordered by path."),
  bytes: COUNT.describe("Their total size in bytes."),
}).describe("Cached packages.");

const REMOVED_PACKAGE = z.object({
  path: z.string().describe("Path below the server's root."),
  bytes_freed: COUNT.describe("Size of the package and its signature in bytes."),
}).describe("A removed package.");

export type PackageReport = z.infer<typeof PACKAGE>;
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
      "Only packages of this repository: its name or its directory.",
    ),
  },
  answers: { 200: PACKAGE_LIST },
});

export const SHOW_PACKAGE = endpoint({
  method: "GET",
  path: "/api/v1/packages/{+directory}/{file}",
  summary: "Show a cached package",
  isLong: true,
  pathParameters,
  answers: { 200: PACKAGE },
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
