import { join, relative } from "@std/path";
import { TimeSlice } from "../../async/time_slice.ts";
import type { CacheLayout } from "./cache_layout.ts";
import { fileKey, type RepositoryTree } from "../../repositories/repository.ts";
import { extrasIn, type StoredExtra } from "./extra_scan.ts";
import {
  directoriesIn,
  filesIn,
  plainDirectory,
  type SeenFile,
} from "../../platform/files/plain_directory.ts";

/** Why a file that is not a package is removed. */
export type LeftoverReason =
  /** A signature without its package. */
  | "orphan_signature"
  /** An unfinished download that was not resumed. */
  | "stale_part"
  /** A file that was being written when the daemon was killed. */
  | "temporary"
  /** A file of a repository that is no longer configured. */
  | "gone_repository"
  /** A damaged or wrong file that was set aside. */
  | "quarantined";

/** A file that is no longer needed. */
export interface Leftover {
  /** Below the cache's root. */
  readonly directory: string;
  readonly file: SeenFile;
  readonly reason: LeftoverReason;
  /** The reason in words. */
  readonly why: string;
  /** Path of the file whose download would reuse this one if it started now; null for none. */
  readonly download: string | null;
  /** The repository's directory if the file belongs to its snapshots, otherwise null. */
  readonly snapshotOf: string | null;
}

interface Surroundings {
  layout: CacheLayout;
  tree: RepositoryTree;
  /** Whether a file, named by its path below the cache's root, is being downloaded. */
  isInFlight: (path: string) => boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A file untouched for this long is not in use. */
const STALE_AGE_MS = 24 * 3_600_000;
/** Requests from before a repository was removed from the configuration may last this long. */
const GONE_AGE_MS = 10 * 60_000;
/** A client that wants the rest of an unfinished download requests it sooner. */
const IDLE_AGE_MS = 10 * 60_000;

/** Long enough to investigate what happened to a file. */
const QUARANTINE_AGE_MS = 14 * 24 * 3_600_000;
/** A disk that damages everything must not fill up with what it damaged. */
const MAX_QUARANTINE_BYTES = 1024 ** 3;

const TEMPORARY = /\.[0-9a-f]{8}\.new$/;
const PART = /\.(?:part|json)$/;

/** Finds signatures without a package and temporary files in a repository's directory. */
export async function findDirectoryLeftovers(
  directory: string,
  files: readonly SeenFile[],
  { isInFlight, now }: Surroundings,
): Promise<Leftover[]> {
  const slice = new TimeSlice();
  const names = new Set<string>();
  for (const { name } of files) {
    names.add(name);
    if (slice.isOver) await slice.renew();
  }
  const leftovers: Leftover[] = [];
  for (const file of files) {
    if (slice.isOver) await slice.renew();
    const { name } = file;
    const path = `${directory}/${name}`;
    const common = { directory, file, download: path, snapshotOf: null };
    if (TEMPORARY.test(name)) {
      leftovers.push(...temporary(common, now));
      continue;
    }
    if (!name.endsWith(".sig") || now - file.changed < STALE_AGE_MS) continue;
    const packageName = name.slice(0, -".sig".length);
    if (names.has(packageName)) continue;
    if (isInFlight(`${directory}/${packageName}`) || isInFlight(path)) continue;
    leftovers.push({
      ...common,
      reason: "orphan_signature",
      why: "its package is not in the cache",
    });
  }
  return leftovers;
}

/** The content of `.pkgstash`. */
export interface StateFiles {
  leftovers: Leftover[];
  /** Kept for a while, unless space is needed. */
  spares: Leftover[];
  extras: StoredExtra[];
  /** Total size of the larger files. */
  bytes: number;
}

/** Finds leftovers and spare files below `.pkgstash`, and the files of `extra_paths`. */
export async function findStateLeftovers(surroundings: Surroundings): Promise<StateFiles> {
  const { layout, now } = surroundings;
  const leftovers: Leftover[] = [];
  const spares: Leftover[] = [];
  let bytes = 0;
  const state = await below(layout, layout.state);
  if (state === null) return { leftovers, spares, extras: [], bytes };
  for (const file of await filesIn(state.path, (name) => TEMPORARY.test(name))) {
    leftovers.push(
      ...temporary({ directory: state.directory, file, download: null, snapshotOf: null }, now),
    );
  }
  for await (const { repository, directory, files } of walk(layout, layout.parts)) {
    for (const { size } of files) bytes += size;
    const parts = partLeftovers(repository, directory, files, surroundings);
    leftovers.push(...parts.leftovers);
    spares.push(...parts.spares);
  }
  for await (const { repository, directory, files } of walk(layout, layout.snapshots)) {
    for (const { size } of files) bytes += size;
    leftovers.push(...snapshotLeftovers(repository, directory, files, surroundings));
  }
  for await (const { repository, directory, files } of walk(layout, layout.kept)) {
    for (const { size } of files) bytes += size;
    const found = snapshotLeftovers(repository, directory, files, surroundings);
    leftovers.push(...found.map((each) => ({ ...each, snapshotOf: null })));
  }
  const extras: StoredExtra[] = [];
  for await (const listing of walk(layout, layout.extra)) {
    for (const { size } of listing.files) bytes += size;
    const found = await extrasIn(listing, surroundings);
    extras.push(...found.extras);
    leftovers.push(...found.loose.map((each) => ({ ...each, snapshotOf: null })));
    for (const file of listing.files) {
      const common = { directory: listing.directory, file, download: null, snapshotOf: null };
      if (TEMPORARY.test(file.name)) leftovers.push(...temporary(common, now));
    }
  }
  const quarantined: LocatedFile[] = [];
  for await (const { directory, files } of walk(layout, layout.quarantine)) {
    for (const file of files) {
      bytes += file.size;
      quarantined.push({ directory, file });
    }
  }
  const { due, kept } = quarantineLeftovers(quarantined, now);
  leftovers.push(...due);
  spares.push(...kept);
  return { leftovers, spares, extras, bytes };
}

interface LocatedFile {
  directory: string;
  file: SeenFile;
}

function quarantineLeftovers(
  files: readonly LocatedFile[],
  now: number,
): { due: Leftover[]; kept: Leftover[] } {
  let bytes = 0;
  const due: Leftover[] = [];
  const kept: Leftover[] = [];
  for (const located of files.toSorted((a, b) => b.file.changed - a.file.changed)) {
    const { file: { size, changed } } = located;
    bytes += size;
    const [list, why] = bytes > MAX_QUARANTINE_BYTES
      ? [due, "and newer ones fill the quarantine"]
      : now - changed >= QUARANTINE_AGE_MS
      ? [due, "two weeks ago"]
      : [kept, "and space is needed"];
    list.push({
      ...located,
      reason: "quarantined",
      why: `quarantined because it was damaged, ${why}`,
      download: null,
      snapshotOf: null,
    });
  }
  return { due, kept };
}

function partLeftovers(
  repository: string,
  directory: string,
  files: readonly SeenFile[],
  { tree, isInFlight, now }: Surroundings,
): { leftovers: Leftover[]; spares: Leftover[] } {
  const isUnknown = tree.repositoryAt(repository) === null;
  const leftovers = files.filter(({ name }) => TEMPORARY.test(name)).flatMap((file) =>
    temporary({ directory, file, download: null, snapshotOf: null }, now)
  );
  const spares: Leftover[] = [];
  // A part file and its sidecar are removed together, by the age of the newer one.
  const downloads = Map.groupBy(
    files.filter(({ name }) => PART.test(name)),
    ({ name }) => name.replace(PART, ""),
  );
  for (const [name, group] of downloads) {
    const download = fileKey(repository, name);
    const isGone = isUnknown && tree.extraAt(download) === null;
    const age = now - Math.max(...group.map(({ modified }) => modified));
    if (isInFlight(download) || age < (isGone ? GONE_AGE_MS : IDLE_AGE_MS)) continue;
    const isStale = age >= STALE_AGE_MS;
    for (const file of group) {
      const common = { directory, file, download, snapshotOf: null };
      if (isGone) leftovers.push(gone(common, repository));
      else {
        (isStale ? leftovers : spares).push({
          ...common,
          reason: "stale_part",
          why: isStale
            ? "an unfinished download that was not resumed for a day"
            : "an unfinished download that no client resumes, and space is needed",
        });
      }
    }
  }
  return { leftovers, spares };
}

function snapshotLeftovers(
  repository: string,
  directory: string,
  files: readonly SeenFile[],
  { tree, now }: Surroundings,
): Leftover[] {
  const isGone = tree.repositoryAt(repository) === null;
  return files.flatMap((file) => {
    const common = { directory, file, download: null, snapshotOf: isGone ? repository : null };
    if (!isGone) return TEMPORARY.test(file.name) ? temporary(common, now) : [];
    return now - file.changed < GONE_AGE_MS ? [] : [gone(common, repository)];
  });
}

type Unexplained = Omit<Leftover, "reason" | "why">;

function temporary(common: Unexplained, now: number): Leftover[] {
  if (now - common.file.changed < STALE_AGE_MS) return [];
  return [{ ...common, reason: "temporary", why: "left behind by an interrupted write" }];
}

function gone(common: Unexplained, repository: string): Leftover {
  return {
    ...common,
    reason: "gone_repository",
    why: `the repository ${repository} is no longer configured`,
  };
}

/** Every directory below `top`, with its relative path, the repository's directory. */
async function* walk(
  layout: CacheLayout,
  top: string,
  repository = "",
): AsyncGenerator<{ repository: string; directory: string; path: string; files: SeenFile[] }> {
  const here = await below(layout, repository === "" ? top : join(top, repository));
  if (here === null) return;
  yield { repository, ...here, files: await filesIn(here.path) };
  for (const name of await directoriesIn(here.path)) {
    yield* walk(layout, top, repository === "" ? name : `${repository}/${name}`);
  }
}

async function below(
  { root }: CacheLayout,
  path: string,
): Promise<{ path: string; directory: string } | null> {
  const directory = relative(root, path);
  return await plainDirectory(root, directory) === null ? null : { path, directory };
}
