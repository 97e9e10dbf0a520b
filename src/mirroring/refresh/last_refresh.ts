import { statIfPresent, writeFileDurably } from "../../platform/files/durable.ts";

/** Time for the machine and its network to settle after startup. */
const SETTLE_MS = 60_000;

/**
 * When all databases were last refreshed: the modification time of a file. A machine that is not
 * always on thus catches up on missed refreshes.
 */
export class LastRefresh {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Records that all databases were refreshed now. */
  async record(): Promise<void> {
    await writeFileDurably(this.#path, "");
  }

  /** The time of the last refresh, in milliseconds since the epoch; null for never. */
  async at(): Promise<number | null> {
    return (await statIfPresent(this.#path))?.mtime?.getTime() ?? null;
  }

  /**
   * Milliseconds until the next refresh is due, `intervalMs` after the last one. `now` is in
   * milliseconds since the epoch.
   */
  async untilDue(intervalMs: number, now: number): Promise<number> {
    const last = await this.at() ?? -Infinity;
    // If the clock was set back, wait for one interval at most.
    const elapsedMs = now < last ? 0 : now - last;
    return Math.min(intervalMs, Math.max(SETTLE_MS, intervalMs - elapsedMs));
  }
}
