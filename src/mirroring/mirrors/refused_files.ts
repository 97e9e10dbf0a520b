import type { Mirror } from "./mirror.ts";

/** How long to remember a file: long enough for a mirror to synchronize. */
const AGE_MS = 600_000;
/** Far more than are refused in that time, except in an attack. */
const MAX_FILES = 1_000;

/** A file, by its repository's directory and its name. */
export interface FilePath {
  directory: string;
  fileName: string;
}

/** The files for which mirrors sent something else, by file and mirror. */
export class RefusedFiles {
  readonly #now: () => number;
  /** When to forget each, oldest file first. */
  readonly #until = new Map<string, Map<Mirror, number>>();

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(mirror: Mirror, file: FilePath): void {
    const key = keyOf(file);
    const mirrors = this.#until.get(key) ?? new Map<Mirror, number>();
    this.#until.delete(key);
    this.#until.set(key, mirrors.set(mirror, this.#now() + AGE_MS));
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_FILES && oldest !== undefined) this.#until.delete(oldest);
  }

  has(mirror: Mirror, file: FilePath): boolean {
    return (this.#until.get(keyOf(file))?.get(mirror) ?? -Infinity) > this.#now();
  }

  /** Forgets all files of a directory. */
  forget(directory: string): void {
    for (const key of this.#until.keys()) {
      if (key.startsWith(`${directory}/`)) this.#until.delete(key);
    }
  }
}

function keyOf({ directory, fileName }: FilePath): string {
  return `${directory}/${fileName}`;
}
