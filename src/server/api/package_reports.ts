import type { PackageReport } from "../../api/package_report.ts";
import { text } from "../../api/schema.ts";
import type { CachedPackage } from "../../mirroring/cache/inventory.ts";
import { PkgstashError } from "../../errors.ts";
import type { ApiParameter } from "./api_route.ts";

export function packageReport(cached: CachedPackage): PackageReport {
  const { directory, fileName, name, version, bytes, signature, fetchedAt, usedAt } = cached;
  return {
    path: `${directory}/${fileName}`,
    directory,
    file: fileName,
    name,
    version,
    bytes,
    signed: signature !== null,
    fetched_at: new Date(fetchedAt).toISOString(),
    used_at: new Date(usedAt).toISOString(),
    uses: cached.uses,
    pinned: cached.pinned,
    current: cached.current,
    in_flight: cached.inFlight,
  };
}

/** The parameters that name one package file. */
export const PACKAGE_PARAMETERS: readonly ApiParameter[] = [
  {
    name: "directory",
    in: "path",
    description: "directory of the repository, like core/os/x86_64",
    hasSlashes: true,
    schema: text("its slashes may be sent as they are or as %2F"),
  },
  {
    name: "file",
    in: "path",
    description: "name of the package file",
    schema: text("without a path"),
  },
];

export function noSuchPackage(directory: string, file: string): PkgstashError {
  return new PkgstashError("not_found", `There is no package ${directory}/${file} in the cache.`);
}
