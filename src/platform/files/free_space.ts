import { statfs } from "node:fs/promises";

/**
 * Bytes that this user can still write to the file system of `path`. Returns null if there is no
 * such path, or without the permission `sys: statfs`.
 */
export async function freeSpace(path: string): Promise<number | null> {
  // Queried first, since on a terminal a missing permission would prompt.
  const { state } = await Deno.permissions.query(STATFS);
  if (state !== "granted") return null;
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

const STATFS = { name: "sys", kind: "statfs" } as const;
