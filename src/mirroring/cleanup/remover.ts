import { join } from "@std/path";
import { removeIfPresent } from "../../platform/files/durable.ts";
import {
  isSameFile,
  plainDirectory,
  seeFile,
  type SeenFile,
} from "../../platform/files/plain_directory.ts";

/** Removes files below one directory, and only if they are the ones seen there. */
export class Remover {
  readonly #root: string;
  /** By directory; null if it does not exist. */
  readonly #paths = new Map<string, string | null>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Removes a file that was seen in `directory`. Returns false if the file is gone or has been
   * replaced; throws if it cannot be removed, or if a symbolic link leads to it.
   */
  async remove(directory: string, seen: SeenFile): Promise<boolean> {
    let path = this.#paths.get(directory);
    if (path === undefined) {
      path = await plainDirectory(this.#root, directory);
      this.#paths.set(directory, path);
    }
    if (path === null) return false;
    const file = await seeFile(path, seen.name);
    if (file === null || !isSameFile(file, seen)) return false;
    await removeIfPresent(join(path, seen.name));
    return true;
  }
}
