/** Time constant: after this time, bytes count for a little over a third. */
const WINDOW_MS = 3_000;

/** Bytes per second over the last few seconds, as an exponential moving average. */
export class RateMeter {
  readonly #now: () => number;
  readonly #startedAt: number;
  #bytes = 0;
  #at: number;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedAt = this.#at = now();
  }

  /** Counts bytes that have arrived. */
  add(count: number): void {
    this.#fade();
    this.#bytes += count;
  }

  /** Bytes per second, as an integer. */
  get rate(): number {
    this.#fade();
    // In its first seconds, the meter has seen less than a whole window.
    const weight = WINDOW_MS * (1 - Math.exp((this.#startedAt - this.#at) / WINDOW_MS));
    return weight === 0 ? 0 : Math.round(this.#bytes / weight * 1000);
  }

  #fade(): void {
    const now = this.#now();
    this.#bytes *= Math.exp((this.#at - now) / WINDOW_MS);
    this.#at = now;
  }
}
