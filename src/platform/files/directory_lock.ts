import { dirname } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { statIfPresent } from "./durable.ts";

/**
 * The exclusive right to write a directory, held until disposal or the end of the process
 * (flock(2)).
 */
export class DirectoryLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Locks the file at `path`; throws a `conflict` that names the process holding it. */
  static async acquire(path: string): Promise<DirectoryLock> {
    let file: Deno.FsFile;
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      file = await Deno.open(path, { read: true, write: true, create: true });
    } catch (error) {
      throw unusable(error);
    }
    if (!await file.tryLock(true)) {
      const holder = (await new Response(file.readable).text()).trim();
      throw new PkgstashError(
        "conflict",
        `Cannot use the cache directory: another pkgstash${
          holder === "" ? "" : ` (process ${holder})`
        } holds ${path}. Stop it, or set cache_root to another directory.`,
      );
    }
    try {
      await file.truncate();
      await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
      return new DirectoryLock(path, file);
    } catch (error) {
      file.close();
      throw unusable(error);
    }
  }

  /** Whether the locked file is still the one at its path; it may have been removed with all else. */
  async isIntact(): Promise<boolean> {
    const [held, found] = await Promise.all([this.#file.stat(), statIfPresent(this.#path)]);
    return found !== null && found.ino === held.ino && found.dev === held.dev;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function unusable(error: unknown): PkgstashError {
  return new PkgstashError(
    "storage",
    `Cannot use the cache directory: ${reasonOf(error)}. ` +
      "Give this user write access to it, or set cache_root to another directory.",
    { cause: error },
  );
}
