import { join } from "@std/path";
import { PkgstashError } from "../../errors.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { TimeSlice } from "../../async/time_slice.ts";
import { lookAt } from "./disk_pace.ts";
import { lstatIfPresent, statIfPresent } from "./durable.ts";

/** A regular file as it was at one moment; times are in milliseconds since the epoch. */
export interface SeenFile {
  readonly name: string;
  readonly size: number;
  /** mtime: last write, or any value set explicitly; 0 if unknown. */
  readonly modified: number;
  /** ctime: last write, rename or change of attributes; cannot be set. */
  readonly changed: number;
  readonly inode: number;
}

const FILES_AT_A_TIME = 128;
const NAMES_PER_TURN = 2000;

/**
 * Returns the path of `directory` below `root`, or null if it does not exist. Throws `storage` if
 * any part of it is a symbolic link, which could lead out of `root`, or not a directory.
 */
export async function plainDirectory(root: string, directory: string): Promise<string | null> {
  if (await statIfPresent(root) === null) return null;
  let path = root;
  for (const segment of directory.split("/")) {
    path = join(path, segment);
    const info = await lstatIfPresent(path);
    if (info === null) return null;
    if (segment === "" || segment === "." || segment === ".." || !info.isDirectory) {
      throw new PkgstashError(
        "storage",
        `Cannot use ${path}: it is not a directory.`,
      );
    }
  }
  return path;
}

/** The regular files in a directory, filtered by name. Symbolic links are skipped. */
export async function filesIn(
  path: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<SeenFile[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const { name, isFile } of Deno.readDir(path)) {
    if (isFile && isWanted(name)) names.push(name);
    // Names arrive in large batches, and the event loop does not run within one.
    if (++seen % NAMES_PER_TURN === 0) await eventLoopTurn();
  }
  const files: SeenFile[] = [];
  const slice = new TimeSlice();
  for (let next = 0; next < names.length;) {
    const looks: Promise<SeenFile | null>[] = [];
    // A fast disk answers within the call.
    while (next < names.length && looks.length < FILES_AT_A_TIME && !slice.isOver) {
      looks.push(seeFile(path, names[next++]!));
    }
    for (const file of await Promise.all(looks)) {
      if (file !== null) files.push(file);
    }
    if (slice.isOver) await slice.renew();
  }
  return files;
}

/** Like `filesIn`; empty if the directory does not exist. */
export async function filesIfPresent(path: string): Promise<SeenFile[]> {
  return await statIfPresent(path) === null ? [] : await filesIn(path);
}

/** Examines one file; returns null if there is no regular file with this name. */
export async function seeFile(path: string, name: string): Promise<SeenFile | null> {
  const info = await lookAt(join(path, name));
  if (info === null || !info.isFile) return null;
  const modified = info.mtime?.getTime() ?? 0;
  return {
    name,
    size: info.size,
    modified,
    changed: info.ctime?.getTime() ?? modified,
    inode: info.ino ?? 0,
  };
}

/** Whether both are the same file with unchanged content. */
export function isSameFile(a: SeenFile, b: SeenFile): boolean {
  return a.inode === b.inode && a.size === b.size && a.modified === b.modified;
}

/** Names of the subdirectories of a directory, sorted. Symbolic links are skipped. */
export async function directoriesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) names.push(name);
  }
  return names.sort();
}

/** Like `directoriesIn`; empty if the directory does not exist. */
export async function directoriesIfPresent(path: string): Promise<string[]> {
  return await statIfPresent(path) === null ? [] : await directoriesIn(path);
}
