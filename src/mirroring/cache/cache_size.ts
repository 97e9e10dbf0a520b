import { join } from "@std/path";
import { TimeSlice } from "../../async/time_slice.ts";
import { lookAt } from "../../platform/files/disk_pace.ts";
import type { CacheLayout } from "./cache_layout.ts";

/** Metrics are scraped every few seconds, and measuring a large cache takes a while. */
const MAX_AGE_MS = 60_000;
/** A directory modified later than this may change again without a new timestamp. */
const SETTLED_MS = 2_000;

/** The size of a directory without its subdirectories. */
interface Listing {
  /** Total bytes of its files. */
  readonly bytes: number;
  readonly directories: readonly string[];
  /** Its modification time, in milliseconds since the epoch; 0 if unknown. */
  readonly modified: number;
}

/**
 * Measures the size of the cache directory, and remembers the result for a while. Published files
 * do not change, so a directory is read again only after a file was added or removed.
 */
export class CacheSize {
  readonly #layout: CacheLayout;
  readonly #now: () => number;
  #measured: { bytes: Promise<number>; at: number } | null = null;
  /** By path. */
  #listings = new Map<string, Listing>();

  /** `now` returns milliseconds since the epoch. */
  constructor(layout: CacheLayout, now: () => number = () => Date.now()) {
    this.#layout = layout;
    this.#now = now;
  }

  /** The size in bytes, measured at most `maxAgeMs` ago; NaN if the directory cannot be read. */
  bytes(maxAgeMs = MAX_AGE_MS): Promise<number> {
    const now = performance.now();
    if (this.#measured === null || now - this.#measured.at > maxAgeMs) {
      const bytes = this.#measure().catch(() => {
        this.#measured = null;
        return NaN;
      });
      this.#measured = { bytes, at: now };
    }
    return this.#measured.bytes;
  }

  async #measure(): Promise<number> {
    const before = this.#listings;
    this.#listings = new Map();
    return await this.#bytesBelow(this.#layout.root, before);
  }

  async #bytesBelow(path: string, before: ReadonlyMap<string, Listing>): Promise<number> {
    const modified = (await Deno.stat(path)).mtime?.getTime() ?? 0;
    const known = before.get(path);
    const listing = known !== undefined && known.modified === modified
      ? known
      : await listingOf(path, modified);
    const isSettled = modified > 0 && modified < this.#now() - SETTLED_MS;
    const { state } = this.#layout;
    // The daemon's own files grow in place.
    const isState = path === state || path.startsWith(`${state}/`);
    if (isSettled && !isState) this.#listings.set(path, listing);
    let { bytes } = listing;
    for (const name of listing.directories) {
      // Files and directories may be removed meanwhile.
      bytes += await this.#bytesBelow(join(path, name), before).catch(() => 0);
    }
    return bytes;
  }
}

async function listingOf(path: string, modified: number): Promise<Listing> {
  const directories: string[] = [];
  let bytes = 0;
  const slice = new TimeSlice();
  for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
    if (isDirectory) directories.push(name);
    else if (isFile) bytes += await sizeOf(join(path, name));
    if (slice.isOver) await slice.renew();
  }
  return { bytes, directories, modified };
}

/** 0 for a file that is gone or inaccessible. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await lookAt(path))?.size ?? 0;
  } catch {
    return 0;
  }
}
