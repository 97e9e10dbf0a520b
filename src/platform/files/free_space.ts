import { statfs } from "node:fs/promises";

/**
 * Bytes that this user may still write to the disk that holds `path`; null when that may not be
 * asked or there is no such path. Needs the permission `sys: statfs`.
 */
export async function freeSpace(path: string): Promise<number | null> {
  // Asking first, as a terminal would be asked for a permission that was not given.
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
