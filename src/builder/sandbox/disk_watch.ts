import { SYSTEM_CLOCK } from "../../async/clock.ts";
import { freeSpace } from "../../platform/files/free_space.ts";
import { Stop } from "../command.ts";

const LOOK_MS = 1_000;

/** The disk limits of a build. */
export interface DiskAllowance {
  /** A directory on the disk. */
  readonly directory: string;
  /** Free space below which the build is ended. */
  readonly minFreeBytes: number;
  /** Used space above which the build is ended. */
  readonly maxBytes: number;
  /** The space that the build uses; expensive to count. */
  readonly usedBytes: () => Promise<number>;
}

/**
 * Ends a build that fills the disk. An ordinary user cannot set quotas, so this class checks the
 * free space every second, and counts files only once so much is gone that the build may be the
 * reason.
 */
export class DiskWatch implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #end = new AbortController();
  readonly #watching: Promise<void>;

  constructor(allowance: DiskAllowance) {
    this.#watching = this.#watch(allowance);
  }

  /** Aborted with a `Stop` when the build must end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async #watch({ directory, minFreeBytes, maxBytes, usedBytes }: DiskAllowance): Promise<void> {
    const before = await freeSpace(directory);
    if (before === null) return;
    let countBelow = before - maxBytes;
    while (!this.#end.signal.aborted) {
      const free = await freeSpace(directory) ?? before;
      if (free < minFreeBytes) return this.#controller.abort(new Stop("disk full"));
      if (free < countBelow) {
        const used = await usedBytes();
        if (used > maxBytes) return this.#controller.abort(new Stop("disk full"));
        // The build cannot be over its limit before the rest of its allowance is gone, too.
        countBelow = free - (maxBytes - used);
      }
      await SYSTEM_CLOCK.sleep(LOOK_MS, this.#end.signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#watching;
  }
}
