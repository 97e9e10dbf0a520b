import { join } from "@std/path";
import { reasonOf } from "../../errors.ts";
import type { DirectoryLock } from "../../platform/files/directory_lock.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import { prepareCache } from "./prepare_cache.ts";

const log = eventLogger("cache");

const INTERVAL_MS = 5_000;

export interface CacheWatchOptions {
  layout: CacheLayout;
  /** Held until this is disposed, or replaced with the directory. */
  lock: DirectoryLock;
  index: Pick<CacheIndex, "moveTo">;
  /** Called after the directory has been recreated. */
  onRestored: () => void;
}

/**
 * Notices when the cache directory is removed while the daemon runs, and recreates it with the
 * lock, the version and the index, which survives in memory. Everything else is created where it is
 * needed.
 */
export class CacheWatch implements AsyncDisposable {
  readonly #options: CacheWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #lock: DirectoryLock;
  #check: Promise<void> | null = null;
  #failure: string | null = null;

  constructor(options: CacheWatchOptions) {
    this.#options = options;
    this.#lock = options.lock;
    this.#timer = setInterval(() => this.check(), INTERVAL_MS);
    Deno.unrefTimer(Number(this.#timer));
  }

  /** Checks now; two stat calls if nothing is missing. Never rejects. */
  check(): Promise<void> {
    this.#check ??= this.#restore()
      .then(() => this.#failure = null)
      .catch((error) => this.#report(reasonOf(error)))
      .finally(() => this.#check = null) as Promise<void>;
    return this.#check;
  }

  /** Why nothing can be written to the cache at present, as on a read-only disk; null if it can. */
  async problem(): Promise<string | null> {
    const { state } = this.#options.layout;
    try {
      // Cleanup knows this name, should the process end in between.
      const path = join(state, `write-test.${crypto.randomUUID().slice(0, 8)}.new`);
      await Deno.writeTextFile(path, "can it be written?\n");
      await Deno.remove(path);
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#check;
    this.#lock[Symbol.dispose]();
  }

  async #restore(): Promise<void> {
    const { layout, index, onRestored } = this.#options;
    const isLocked = await this.#lock.isIntact();
    const isIndexed = await statIfPresent(layout.index) !== null;
    if (isLocked && isIndexed) return;
    if (!isLocked) {
      const lock = await prepareCache(layout);
      this.#lock[Symbol.dispose]();
      this.#lock = lock;
    }
    if (!isIndexed) index.moveTo(layout.index);
    log.warn("the cache directory was removed and has been recreated", { path: layout.root });
    onRestored();
  }

  /** Logged once for each new reason, not every few seconds. */
  #report(reason: string): void {
    if (reason === this.#failure) return;
    this.#failure = reason;
    log.error("cannot recreate the cache directory", { reason });
  }
}
