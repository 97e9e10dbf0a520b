import { PkgstashError, reasonOf } from "../../errors.ts";
import { DirectoryLock } from "../../platform/files/directory_lock.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import type { CacheLayout } from "./cache_layout.ts";

/** Version of the tree drawn at `CacheLayout`. */
const VERSION = "1";

/**
 * Locks the cache directory, creating it if missing. Throws `conflict` if another process holds the
 * lock, `storage` if the directory cannot be written or has another version.
 */
export async function prepareCache(layout: CacheLayout): Promise<DirectoryLock> {
  const lock = await DirectoryLock.acquire(layout.lock);
  try {
    const version = (await readIfPresent(layout.version))?.trim();
    if (version === undefined) await writeFileDurably(layout.version, `${VERSION}\n`);
    else if (version !== VERSION) {
      throw new PkgstashError(
        "storage",
        `Cannot use the cache directory: ${layout.version} says version ${version}, but this ` +
          `pkgstash supports version ${VERSION}. Use the pkgstash that wrote it, or set ` +
          "cache_root to another directory.",
      );
    }
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    if (error instanceof PkgstashError) throw error;
    throw new PkgstashError(
      "storage",
      `Cannot prepare the cache directory ${layout.root}: ${
        reasonOf(error)
      }. Check cache_root and ` +
        "its permissions.",
      { cause: error },
    );
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
