import { join } from "@std/path";
import type { CacheLayout } from "./cache_layout.ts";

/** Scanning a large cache takes a while; a scraper every few seconds need not start it each time. */
const REMEMBERED = 60_000;

/** How many bytes the cache holds. */
export class CacheSize {
  #counted: { bytes: Promise<number>; at: number } | null = null;

  constructor(private readonly layout: CacheLayout) {}

  /** As of `maxAge` milliseconds ago at most, a minute unless given; NaN if it cannot be found out. */
  bytes(maxAge = REMEMBERED): Promise<number> {
    const now = performance.now();
    if (this.#counted === null || now - this.#counted.at > maxAge) {
      const bytes = bytesBelow(this.layout.root).catch(() => {
        this.#counted = null;
        return NaN;
      });
      this.#counted = { bytes, at: now };
    }
    return this.#counted.bytes;
  }
}

async function bytesBelow(directory: string): Promise<number> {
  let total = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
    const path = join(directory, name);
    // A file or a directory may go while it is being counted.
    if (isDirectory) total += await bytesBelow(path).catch(() => 0);
    else if (isFile) total += (await Deno.stat(path).catch(() => null))?.size ?? 0;
  }
  return total;
}
