import {
  LIST_PACKAGES,
  type PackageReport,
  REMOVE_PACKAGE,
  SHOW_PACKAGE,
} from "../../api/packages.ts";
import { TimeSlice } from "../../async/time_slice.ts";
import { PkgstashError } from "../../errors.ts";
import { packageMatcher } from "../../formats/pacman/package_pattern.ts";
import type { CachedPackage } from "../../mirroring/cache/inventory.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const packageRoutes: readonly Route[] = [
  handle(LIST_PACKAGES, async ({ query: { name, repository }, mirroring: { inventory, tree } }) => {
    const wanted = name === undefined ? null : packageMatcher([name]);
    const isIn = (directory: string) =>
      repository === undefined || directory === repository ||
      tree.repositoryAt(directory)?.name === repository;
    const packages: PackageReport[] = [];
    const slice = new TimeSlice();
    for (const cached of await inventory.packages()) {
      if (slice.isOver) await slice.renew();
      if (wanted?.(cached) === false || !isIn(cached.directory)) continue;
      packages.push(packageReport(cached));
    }
    return { packages, bytes: packages.reduce((sum, each) => sum + each.bytes, 0) };
  }),
  handle(SHOW_PACKAGE, async ({ path: { directory, file }, mirroring: { inventory } }) => {
    const cached = await inventory.package(directory, file);
    if (cached === null) throw notCached(directory, file);
    return packageReport(cached);
  }),
  handle(REMOVE_PACKAGE, async ({ path: { directory, file }, mirroring: { cleanup } }) => {
    const bytes = await cleanup.remove(directory, file);
    if (bytes === null) throw notCached(directory, file);
    return { path: `${directory}/${file}`, bytes_freed: bytes };
  }),
];

function packageReport(cached: CachedPackage): PackageReport {
  const { directory, fileName, name, version, bytes, signature, fetchedAt, usedAt } = cached;
  return {
    path: `${directory}/${fileName}`,
    directory,
    file: fileName,
    name,
    version,
    bytes,
    signed: signature !== null,
    fetched_at: timestamp(fetchedAt),
    used_at: timestamp(usedAt),
    uses: cached.uses,
    pinned: cached.pinned,
    current: cached.current,
    in_flight: cached.inFlight,
  };
}

function notCached(directory: string, file: string): PkgstashError {
  return new PkgstashError(
    "not_found",
    `Cannot find ${directory}/${file}: this package is not cached. ` +
      "List the cached packages to see their paths.",
  );
}
