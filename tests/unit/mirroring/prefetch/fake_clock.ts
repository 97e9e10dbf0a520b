import type { Clock } from "../../../../src/async/clock.ts";

/** Sleeps of this length only watch others; a clock that skips does not skip them. */
const WATCH_MS = 20_000;

/** A clock that stands still until a test advances it, or that every short sleep advances at once. */
export class FakeClock implements Clock {
  readonly #start: number;
  readonly #skips: boolean;
  readonly #sleeping = new Set<{ until: number; wake: () => void }>();
  readonly #watching = new Set<{ until: number; resolve: () => void }>();
  #elapsed = 0;

  /** `start` is in milliseconds since the epoch. With `skips`, sleeping takes no real time. */
  constructor(start: number, skips = false) {
    this.#start = start;
    this.#skips = skips;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    const until = this.#elapsed + milliseconds;
    if (this.#skips && milliseconds < WATCH_MS) {
      this.#elapsed = Math.max(this.#elapsed, until);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const sleeper = {
        until,
        wake: () => {
          this.#sleeping.delete(sleeper);
          resolve();
        },
      };
      this.#sleeping.add(sleeper);
      signal.addEventListener("abort", sleeper.wake, { once: true });
      for (const watcher of this.#watching) if (watcher.until === until) watcher.resolve();
    });
  }

  /** Resolves when someone sleeps until exactly `until` milliseconds after the start. */
  async slept(until: number): Promise<void> {
    if ([...this.#sleeping].some((sleeper) => sleeper.until === until)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watching.add({ until, resolve });
    await promise;
  }

  advance(milliseconds: number): void {
    this.#elapsed += milliseconds;
    for (const { until, wake } of this.#sleeping) if (until <= this.#elapsed) wake();
  }
}
