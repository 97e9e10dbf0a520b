import { PkgstashError, reasonOf } from "../errors.ts";
import { DirectoryLock } from "../platform/files/directory_lock.ts";
import { statIfPresent, writeFileDurably } from "../platform/files/durable.ts";
import type { StateLayout } from "./state_layout.ts";

/** Version of the tree drawn at `StateLayout`. */
const VERSION = "1";

/**
 * Locks the state directory, and creates it if it is missing. Throws `conflict` if another process
 * holds the lock, `storage` if the directory cannot be written or has another version.
 */
export async function prepareState(layout: StateLayout): Promise<DirectoryLock> {
  const lock = await DirectoryLock.acquire(layout.lock, {
    what: "the state directory",
    key: "state_root",
  });
  try {
    if (await statIfPresent(layout.version) === null) {
      await writeFileDurably(layout.version, `${VERSION}\n`);
    }
    const version = (await Deno.readTextFile(layout.version)).trim();
    if (version === VERSION) return lock;
    throw new PkgstashError(
      "storage",
      `Cannot use the state directory: ${layout.version} says version ${version}, but this ` +
        `pkgstash supports version ${VERSION}. Use the pkgstash that wrote it, or set state_root ` +
        "to another directory.",
    );
  } catch (error) {
    lock[Symbol.dispose]();
    if (error instanceof PkgstashError) throw error;
    throw new PkgstashError(
      "storage",
      `Cannot prepare the state directory ${layout.root}: ${reasonOf(error)}. Check state_root ` +
        "and its permissions.",
      { cause: error },
    );
  }
}
