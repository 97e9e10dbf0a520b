import { join, relative } from "@std/path";
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
  /** A file that was not what it should be, and was set aside. */
  | "quarantined";

/** A file that is no longer needed. */
export interface Leftover {
  /** Below the cache's root. */
  readonly directory: string;
  readonly file: SeenFile;
  readonly reason: LeftoverReason;
  /** The reason in words. */
  readonly why: string;
  /** Path of the file whose download would use this one if it started now; null for none. */
  readonly download: string | null;
  /** The repository's directory if the file is part of its snapshots, otherwise null. */
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

/** A file that was not touched for this long is not in use. */
const STALE_AGE_MS = 24 * 3_600_000;
/** Requests that began before a repository was removed from the configuration may last this long. */
const GONE_AGE_MS = 10 * 60_000;

/** Long enough to look into what happened to a file. */
const QUARANTINE_AGE_MS = 14 * 24 * 3_600_000;
/** A disk that damages everything must not fill itself with what it damaged. */
const MAX_QUARANTINE_BYTES = 1024 ** 3;

const TEMPORARY = /\.[0-9a-f]{8}\.new$/;
const PART = /\.(?:part|json)$/;

/** Finds signatures without a package and temporary files in a repository's directory. */
export function findDirectoryLeftovers(
  directory: string,
  files: readonly SeenFile[],
  { isInFlight, now }: Surroundings,
): Leftover[] {
  const names = new Set(files.map(({ name }) => name));
  const leftovers: Leftover[] = [];
  for (const file of files) {
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

/**
 * Finds leftovers below `.pkgstash`, the files of `extra_paths`, and the size of all larger files there
 * in bytes.
 */
export async function findStateLeftovers(
  surroundings: Surroundings,
): Promise<{ leftovers: Leftover[]; extras: StoredExtra[]; bytes: number }> {
  const { layout, now } = surroundings;
  const leftovers: Leftover[] = [];
  let bytes = 0;
  const state = await below(layout, layout.state);
  if (state === null) return { leftovers, extras: [], bytes };
  for (const file of await filesIn(state.path, (name) => TEMPORARY.test(name))) {
    leftovers.push(
      ...temporary({ directory: state.directory, file, download: null, snapshotOf: null }, now),
    );
  }
  const trees = [
    [layout.parts, partLeftovers],
    [join(layout.state, "snapshots"), snapshotLeftovers],
  ] as const;
  for (const [top, find] of trees) {
    for await (const { repository, directory, files } of walk(layout, top)) {
      for (const { size } of files) bytes += size;
      leftovers.push(...find(repository, directory, files, surroundings));
    }
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
  leftovers.push(...quarantineLeftovers(quarantined, now));
  return { leftovers, extras, bytes };
}

interface LocatedFile {
  directory: string;
  file: SeenFile;
}

function quarantineLeftovers(files: readonly LocatedFile[], now: number): Leftover[] {
  let bytes = 0;
  return files.toSorted((a, b) => b.file.changed - a.file.changed).flatMap(
    ({ directory, file }) => {
      bytes += file.size;
      if (bytes <= MAX_QUARANTINE_BYTES && now - file.changed < QUARANTINE_AGE_MS) return [];
      return [{
        directory,
        file,
        reason: "quarantined",
        why: bytes > MAX_QUARANTINE_BYTES
          ? "set aside because it was damaged, and newer ones fill the quarantine"
          : "set aside two weeks ago because it was damaged",
        download: null,
        snapshotOf: null,
      }];
    },
  );
}

function partLeftovers(
  repository: string,
  directory: string,
  files: readonly SeenFile[],
  { tree, isInFlight, now }: Surroundings,
): Leftover[] {
  const isUnknown = tree.repositoryAt(repository) === null;
  // A part file and its sidecar are removed together, by the age of the younger one.
  const downloads = Map.groupBy(
    files.filter(({ name }) => PART.test(name)),
    ({ name }) => name.replace(PART, ""),
  );
  const leftovers: Leftover[] = files.filter(({ name }) => TEMPORARY.test(name)).flatMap((file) =>
    temporary({ directory, file, download: null, snapshotOf: null }, now)
  );
  for (const [name, group] of downloads) {
    const download = fileKey(repository, name);
    const isGone = isUnknown && tree.extraAt(download) === null;
    const age = now - Math.max(...group.map(({ modified }) => modified));
    if (isInFlight(download) || age < (isGone ? GONE_AGE_MS : STALE_AGE_MS)) continue;
    for (const file of group) {
      const common = { directory, file, download, snapshotOf: null };
      leftovers.push(
        isGone ? gone(common, repository) : {
          ...common,
          reason: "stale_part",
          why: "an unfinished download that was not resumed for a day",
        },
      );
    }
  }
  return leftovers;
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

/** Every directory below `top`; its path from there is the directory of the repository. */
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
