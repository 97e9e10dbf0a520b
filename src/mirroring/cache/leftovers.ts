import { join, relative } from "@std/path";
import type { CacheLayout } from "./cache_layout.ts";
import type { RepositoryTree } from "../../repositories/repository.ts";
import {
  directoriesIn,
  filesIn,
  plainDirectory,
  type SeenFile,
} from "../../platform/files/plain_directory.ts";

/** Why a file that is not a package goes. */
export type LeftoverReason =
  /** A signature without its package. */
  | "orphan_signature"
  /** An unfinished transfer that nobody went on with. */
  | "stale_part"
  /** A file that was being written when the daemon was killed. */
  | "temporary"
  /** It belongs to a repository that is no longer configured. */
  | "gone_repository";

/** A file that nothing needs any more. */
export interface Leftover {
  /** Directory below the cache's root. */
  readonly directory: string;
  readonly file: SeenFile;
  readonly reason: LeftoverReason;
  readonly why: string;
  /** The transfer that would make use of it after all, as the download registry names it. */
  readonly transfer: string;
  /** The repository's directory if the file is part of its snapshots, otherwise null. */
  readonly snapshotOf: string | null;
}

interface Surroundings {
  layout: CacheLayout;
  tree: RepositoryTree;
  isInFlight: (key: string) => boolean;
  now: number;
}

/** What was not touched for this long is not in use, in milliseconds. */
const STALE_AGE = 24 * 3_600_000;
/** What a configuration no longer has may be in use for a little longer, in milliseconds. */
const GONE_AGE = 10 * 60_000;

const TEMPORARY = /\.[0-9a-f]{8}\.new$/;
const PART = /\.(?:part|json)$/;

/** Finds signatures without package and temporary files among a repository's own files. */
export function findDirectoryLeftovers(
  directory: string,
  files: readonly SeenFile[],
  { isInFlight, now }: Surroundings,
): Leftover[] {
  const names = new Set(files.map(({ name }) => name));
  const leftovers: Leftover[] = [];
  for (const file of files) {
    const { name } = file;
    const common = { directory, file, transfer: `${directory}/${name}`, snapshotOf: null };
    if (TEMPORARY.test(name)) {
      leftovers.push(...temporary(common, now));
      continue;
    }
    if (!name.endsWith(".sig") || now - file.changed < STALE_AGE) continue;
    const packageName = name.slice(0, -".sig".length);
    if (names.has(packageName)) continue;
    if (isInFlight(`${directory}/${packageName}`) || isInFlight(common.transfer)) continue;
    leftovers.push({
      ...common,
      reason: "orphan_signature",
      why: "its package is not in the cache",
    });
  }
  return leftovers;
}

/** Finds what is left over below `.pkgstash`, and how many bytes its parts and databases take. */
export async function findStateLeftovers(
  surroundings: Surroundings,
): Promise<{ leftovers: Leftover[]; bytes: number }> {
  const { layout, now } = surroundings;
  const leftovers: Leftover[] = [];
  let bytes = 0;
  const state = await below(layout, layout.state);
  if (state === null) return { leftovers, bytes };
  for (const file of await filesIn(state.path, (name) => TEMPORARY.test(name))) {
    leftovers.push(
      ...temporary({ directory: state.directory, file, transfer: "", snapshotOf: null }, now),
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
  return { leftovers, bytes };
}

function partLeftovers(
  repository: string,
  directory: string,
  files: readonly SeenFile[],
  { tree, isInFlight, now }: Surroundings,
): Leftover[] {
  const isGone = tree.repositoryAt(repository) === null;
  // A part and its note live as long as the younger of them.
  const transfers = Map.groupBy(
    files.filter(({ name }) => PART.test(name)),
    ({ name }) => name.replace(PART, ""),
  );
  const leftovers: Leftover[] = files.filter(({ name }) => TEMPORARY.test(name)).flatMap((file) =>
    temporary({ directory, file, transfer: "", snapshotOf: null }, now)
  );
  for (const [name, group] of transfers) {
    const transfer = `${repository}/${name}`;
    const age = now - Math.max(...group.map(({ modified }) => modified));
    if (isInFlight(transfer) || age < (isGone ? GONE_AGE : STALE_AGE)) continue;
    for (const file of group) {
      const common = { directory, file, transfer, snapshotOf: null };
      leftovers.push(
        isGone ? gone(common, repository) : {
          ...common,
          reason: "stale_part",
          why: "an unfinished transfer that nobody went on with for a day",
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
    const common = { directory, file, transfer: "", snapshotOf: isGone ? repository : null };
    if (!isGone) return TEMPORARY.test(file.name) ? temporary(common, now) : [];
    return now - file.changed < GONE_AGE ? [] : [gone(common, repository)];
  });
}

type Unexplained = Omit<Leftover, "reason" | "why">;

function temporary(common: Unexplained, now: number): Leftover[] {
  if (now - common.file.changed < STALE_AGE) return [];
  return [{ ...common, reason: "temporary", why: "a file whose writing was cut short" }];
}

function gone(common: Unexplained, repository: string): Leftover {
  return {
    ...common,
    reason: "gone_repository",
    why: `the repository ${repository} is no longer configured`,
  };
}

/** Every directory below `top`, by its path from there, which is the repository's. */
async function* walk(
  layout: CacheLayout,
  top: string,
  repository = "",
): AsyncGenerator<{ repository: string; directory: string; files: SeenFile[] }> {
  const here = await below(layout, repository === "" ? top : join(top, repository));
  if (here === null) return;
  yield { repository, directory: here.directory, files: await filesIn(here.path) };
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
