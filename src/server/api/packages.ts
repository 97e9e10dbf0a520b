import {
  LIST_PACKAGES,
  type PackageDetails,
  type PackageList,
  type PackageReport,
  REMOVE_PACKAGE,
  SHOW_PACKAGE,
} from "../../api/packages.ts";
import { TimeSlice } from "../../async/time_slice.ts";
import { PkgstashError } from "../../errors.ts";
import { vercmp } from "../../formats/pacman/vercmp.ts";
import type { ListedPackage, ListQuery } from "../../mirroring/cache/catalogue.ts";
import type { Mirroring } from "../../mirroring/mirroring.ts";
import { closestName } from "./closest_name.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";
import { wordsOf } from "./words.ts";

export const packageRoutes: readonly Route[] = [
  handle(LIST_PACKAGES, async ({ query, mirroring }) => {
    const { name, repository, q, kept, sort, descending, limit, offset } = query;
    const { inventory, catalogue } = mirroring;
    // A request for everything gets what is on disk at this moment.
    if (limit === null) await inventory.reconcile();
    const { packages, totals } = await catalogue.list({
      ...EVERYTHING,
      pattern: name ?? null,
      directories: repository === undefined ? null : directoriesOf(repository, mirroring),
      words: wordsOf(q),
      kept: kept ?? null,
      sort,
      isDescending: descending === "true",
      limit,
      offset,
    });
    const wanted = (name ?? q ?? "").trim();
    const isNothing = totals.packages === 0 && wanted !== "";
    return {
      packages: await packageReports(packages),
      total: totals.packages,
      bytes: totals.bytes,
      nothing_found: isNothing ? await insteadOf(wanted, mirroring) : null,
    };
  }),
  handle(SHOW_PACKAGE, async ({ path: { directory, file }, mirroring }) => {
    const found = await packageDetails(directory, file, mirroring);
    if (found === null) throw notCached(directory, file);
    return found;
  }),
  handle(REMOVE_PACKAGE, async ({ path: { directory, file }, mirroring: { cleanup } }) => {
    const bytes = await cleanup.remove(directory, file);
    if (bytes === null) throw notCached(directory, file);
    return { path: `${directory}/${file}`, bytes_freed: bytes };
  }),
];

const EVERYTHING: ListQuery = {
  pattern: null,
  directories: null,
  words: [],
  kept: null,
  sort: "path",
  isDescending: false,
  limit: null,
  offset: 0,
};

function directoriesOf(repository: string, { tree }: Mirroring): string[] {
  const named = [...tree.repositories].filter(({ name }) => name === repository);
  return [repository, ...named.map(({ directory }) => directory)];
}

async function packageReports(packages: readonly ListedPackage[]): Promise<PackageReport[]> {
  const slice = new TimeSlice();
  const reports: PackageReport[] = [];
  for (const each of packages) {
    if (slice.isOver) await slice.renew();
    reports.push(packageReport(each));
  }
  return reports;
}

function packageReport(listed: ListedPackage): PackageReport {
  const { path, directory, fileName, name, version, bytes, signed, fetchedAt, usedAt } = listed;
  return {
    path,
    directory,
    file: fileName,
    name,
    version,
    bytes,
    signed,
    fetched_at: timestamp(fetchedAt),
    used_at: timestamp(usedAt),
    uses: listed.uses,
    pinned: listed.pinned,
    current: listed.current,
    in_flight: listed.keptBecause.includes("in_flight"),
    kept_because: [...listed.keptBecause],
  };
}

async function packageDetails(
  directory: string,
  file: string,
  mirroring: Mirroring,
): Promise<PackageDetails | null> {
  const { inventory, catalogue, index } = mirroring;
  const cached = await inventory.package(directory, file);
  if (cached === null) return null;
  const { name, version } = cached;
  const { packages } = await catalogue.list({ ...EVERYTHING, pattern: name });
  const own = packages.find(({ path }) => path === cached.path);
  if (own === undefined) return null;
  const listed = (await mirroring.served.namesakesOf([name])).get(name) ?? [];
  const newest = listed.find((each) => each.directory === directory)?.version;
  return {
    ...packageReport(own),
    sha256: index.digestOf(directory, file),
    listed,
    newer_version: newest !== undefined && vercmp(newest, version) > 0 ? newest : null,
    versions: packages.toSorted((one, other) => vercmp(other.version, one.version))
      .map(packageReport),
  };
}

/** Suggestions for a name that no cached package has. */
async function insteadOf(wanted: string, mirroring: Mirroring): Promise<Instead> {
  const cached = new Set(await mirroring.catalogue.names());
  const exact = (await mirroring.served.namesakesOf([wanted])).get(wanted);
  if (exact !== undefined) return { name: wanted, is_cached: false, listed: exact };
  const name = await closestName(wanted, cached.union(await mirroring.served.listedNames()));
  if (name === null) return { name: null, is_cached: false, listed: [] };
  const listed = (await mirroring.served.namesakesOf([name])).get(name) ?? [];
  return { name, is_cached: cached.has(name), listed };
}

type Instead = NonNullable<PackageList["nothing_found"]>;

function notCached(directory: string, file: string): PkgstashError {
  return new PkgstashError(
    "not_found",
    `Cannot find ${directory}/${file}: this package is not cached. ` +
      "List the cached packages to see their paths.",
  );
}
