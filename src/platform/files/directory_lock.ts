import { dirname } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { statIfPresent } from "./durable.ts";

/** How messages name the locked directory. */
export interface LockedDirectory {
  /** Such as "the cache directory". */
  readonly what: string;
  /** The configuration key that names it. */
  readonly key: string;
}

const CACHE: LockedDirectory = { what: "the cache directory", key: "cache_root" };

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
  static async acquire(
    path: string,
    directory: LockedDirectory = CACHE,
  ): Promise<DirectoryLock> {
    let file: Deno.FsFile;
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      file = await Deno.open(path, { read: true, write: true, create: true });
    } catch (error) {
      throw unusable(error, directory);
    }
    if (!await file.tryLock(true)) {
      const holder = (await new Response(file.readable).text()).trim();
      throw new PkgstashError(
        "conflict",
        `Cannot use ${directory.what}: another pkgstash${
          holder === "" ? "" : ` (process ${holder})`
        } holds ${path}. Stop it, or set ${directory.key} to another directory.`,
      );
    }
    try {
      await file.truncate();
      await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
      return new DirectoryLock(path, file);
    } catch (error) {
      file.close();
      throw unusable(error, directory);
    }
  }

  /**
   * Whether the locked file is still the one at its path; it may have been removed with the
   * directory.
   */
  async isIntact(): Promise<boolean> {
    const [held, found] = await Promise.all([this.#file.stat(), statIfPresent(this.#path)]);
    return found !== null && found.ino === held.ino && found.dev === held.dev;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function unusable(error: unknown, { what, key }: LockedDirectory): PkgstashError {
  return new PkgstashError(
    "storage",
    `Cannot use ${what}: ${reasonOf(error)}. ` +
      `Give this user write access to it, or set ${key} to another directory.`,
    { cause: error },
  );
}
