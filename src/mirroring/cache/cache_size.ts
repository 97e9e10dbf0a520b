import { join } from "@std/path";
import type { CacheLayout } from "./cache_layout.ts";

/** Metrics are scraped every few seconds, and a large cache takes a while to measure. */
const MAX_AGE_MS = 60_000;

/** Measures the size of the cache directory, and remembers the result for a while. */
export class CacheSize {
  readonly #layout: CacheLayout;
  #measured: { bytes: Promise<number>; at: number } | null = null;

  constructor(layout: CacheLayout) {
    this.#layout = layout;
  }

  /** The size in bytes, measured at most `maxAgeMs` ago; NaN if the directory cannot be read. */
  bytes(maxAgeMs = MAX_AGE_MS): Promise<number> {
    const now = performance.now();
    if (this.#measured === null || now - this.#measured.at > maxAgeMs) {
      const bytes = bytesBelow(this.#layout.root).catch(() => {
        this.#measured = null;
        return NaN;
      });
      this.#measured = { bytes, at: now };
    }
    return this.#measured.bytes;
  }
}

async function bytesBelow(directory: string): Promise<number> {
  let total = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
    const path = join(directory, name);
    // Files and directories may be removed meanwhile.
    if (isDirectory) total += await bytesBelow(path).catch(() => 0);
    else if (isFile) total += (await Deno.stat(path).catch(() => null))?.size ?? 0;
  }
  return total;
}
