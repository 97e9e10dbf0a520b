import { join } from "@std/path";
import { PkgstashError } from "../../errors.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { lstatIfPresent, statIfPresent } from "./durable.ts";

/** A regular file as it was seen; times are in milliseconds since the epoch. */
export interface SeenFile {
  readonly name: string;
  readonly size: number;
  /** When its content was last written, or what it was set to; 0 where that is not known. */
  readonly modified: number;
  /** When it was last written, moved or touched: nobody can set it. */
  readonly changed: number;
  readonly inode: number;
}

/** How many files are asked about at a time. */
const BATCH = 128;
/** After how many names others get their turn. */
const TURN = 2000;

/**
 * The path of `directory` below `root`, or null when there is none. Throws `storage` if a part of
 * it is a symbolic link or not a directory: what lies behind would be outside of `root`.
 */
export async function plainDirectory(root: string, directory: string): Promise<string | null> {
  if (await statIfPresent(root) === null) return null;
  let path = root;
  for (const segment of directory.split("/")) {
    path = join(path, segment);
    const info = await lstatIfPresent(path);
    if (info === null) return null;
    if (segment === "" || segment === "." || segment === ".." || !info.isDirectory) {
      throw new PkgstashError("storage", `${path} is not a directory but a link or something else`);
    }
  }
  return path;
}

/** The regular files of a directory whose names are wanted; links are not followed, nor listed. */
export async function filesIn(
  path: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<SeenFile[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const { name, isFile } of Deno.readDir(path)) {
    if (isFile && isWanted(name)) names.push(name);
    // Names come many at a time, without a turn in between.
    if (++seen % TURN === 0) await eventLoopTurn();
  }
  const files: SeenFile[] = [];
  for (let start = 0; start < names.length; start += BATCH) {
    const batch = await Promise.all(
      names.slice(start, start + BATCH).map((name) => seeFile(path, name)),
    );
    for (const file of batch) {
      if (file !== null) files.push(file);
    }
  }
  return files;
}

/** What is known of a regular file; null when there is none of this name. */
export async function seeFile(path: string, name: string): Promise<SeenFile | null> {
  const info = await lstatIfPresent(join(path, name));
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

/** Whether a file is the one that was seen before. */
export function isSameFile(a: SeenFile, b: SeenFile): boolean {
  return a.inode === b.inode && a.size === b.size && a.modified === b.modified;
}

/** The directories in a directory, without links to such. */
export async function directoriesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) names.push(name);
  }
  return names.sort();
}
