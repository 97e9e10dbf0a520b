import { statIfPresent, writeFileDurably } from "../../platform/files/durable.ts";

/** After a start, the machine and its network are given this long to settle, in milliseconds. */
const SETTLING = 60_000;

/**
 * When all databases were last refreshed, kept in the time of a file, so that a machine that is
 * not always on makes up for the refreshes it missed.
 */
export class LastRefresh {
  constructor(private readonly path: string) {}

  async record(): Promise<void> {
    await writeFileDurably(this.path, "");
  }

  /** Milliseconds from `now` until the next one is due, if they are `interval` milliseconds apart. */
  async untilDue(interval: number, now: number): Promise<number> {
    const last = (await statIfPresent(this.path))?.mtime?.getTime() ?? -Infinity;
    // A clock that was set back must not put it off for longer than an interval.
    const elapsed = now < last ? 0 : now - last;
    return Math.min(interval, Math.max(SETTLING, interval - elapsed));
  }
}
