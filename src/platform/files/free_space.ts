import { statfs } from "node:fs/promises";

/**
 * Bytes that this user can still write to the file system of `path`. Returns null if the path does
 * not exist, or without the permission `sys: statfs`.
 */
export async function freeSpace(path: string): Promise<number | null> {
  if (!(isGranted ||= await isStatfsGranted())) return null;
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

let isGranted = false;

/** Queried first, because a missing permission would prompt on a terminal. */
async function isStatfsGranted(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "statfs" });
  return state === "granted";
}
