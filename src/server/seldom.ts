/** Limits how often a frequent event is logged. */
export class Seldom {
  readonly #periodMs: number;
  readonly #now: () => number;
  #next = -Infinity;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(periodMs: number, now: () => number = () => performance.now()) {
    this.#periodMs = periodMs;
    this.#now = now;
  }

  /** True once in each period. */
  isDue(): boolean {
    if (this.#now() < this.#next) return false;
    this.#next = this.#now() + this.#periodMs;
    return true;
  }
}
