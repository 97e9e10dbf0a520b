import { PkgstashError } from "../../errors.ts";

/** The longest path of an installed file that Linux takes, in bytes (PATH_MAX). */
const MAX_PATH_LENGTH = 4096;

/**
 * Collects the `files` file of a files database as it arrives: the lines below `%FILES%`, paths
 * without a leading slash, folders with a trailing one.
 *
 * Source: `sync_db_read` in pacman's lib/libalpm/be_sync.c.
 */
export class FilesList {
  readonly #decoder = new TextDecoder();
  readonly #paths: string[] = [];
  #rest = "";
  #inBlock = false;

  /** Takes the next bytes. */
  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#readLine(line);
    this.#check(this.#rest);
  }

  /** The paths, when all bytes have been taken. */
  finish(): string[] {
    this.#readLine(this.#rest + this.#decoder.decode());
    return this.#paths;
  }

  #readLine(line: string): void {
    if (line === "") this.#inBlock = false;
    else if (this.#inBlock) this.#paths.push(this.#check(line));
    else this.#inBlock = line === "%FILES%";
  }

  #check(path: string): string {
    if (path.length <= MAX_PATH_LENGTH) return path;
    throw new PkgstashError(
      "content",
      `Cannot read a list of files: a path has more than ${MAX_PATH_LENGTH} characters`,
    );
  }
}
