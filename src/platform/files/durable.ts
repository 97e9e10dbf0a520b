import { dirname } from "@std/path";
import { announceFileChange } from "./file_changes.ts";

/** Makes the names in a directory survive a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/**
 * Moves a file to its final name, atomically and durably, and creates missing directories. The
 * file's content must already be synced.
 */
export async function renameDurably(from: string, to: string): Promise<void> {
  await moveFile(from, to);
  await syncDirectory(dirname(to));
}

/** Moves a file atomically, and creates missing directories. */
export async function moveFile(from: string, to: string): Promise<void> {
  await Deno.rename(from, to).catch(async (error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.rename(from, to);
  });
  announceFileChange(from);
  announceFileChange(to);
}

/**
 * Writes a small file durably, so that a reader sees the old content or the new one, never a part
 * of it. Creates missing directories. `mode` has the permission bits, which apply from the first
 * byte on.
 */
export async function writeFileDurably(
  path: string,
  content: string | Uint8Array,
  { mode = 0o666 }: { mode?: number } = {},
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.new`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true, mode });
      for (let written = 0; written < bytes.length;) {
        written += await file.write(bytes.subarray(written));
      }
      await file.sync();
    }
    await renameDurably(temporary, path);
  } catch (error) {
    await removeIfPresent(temporary);
    throw error;
  }
}

/** Removes a file if it exists. */
export async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  announceFileChange(path);
}

/** Removes a directory with all its content, if it exists. */
export async function removeTreeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The file's info, or null if it does not exist. */
export function statIfPresent(path: string): Promise<Deno.FileInfo | null> {
  return nullIfAbsent(Deno.stat(path));
}

/** Like `statIfPresent`, for a symbolic link itself rather than its target. */
export function lstatIfPresent(path: string): Promise<Deno.FileInfo | null> {
  return nullIfAbsent(Deno.lstat(path));
}

/** The content of a file; null if it does not exist. */
export async function readIfPresent(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function nullIfAbsent<T>(looking: Promise<T>): Promise<T | null> {
  try {
    return await looking;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Whether an error means that the file does not exist. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
