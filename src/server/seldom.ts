/** Says when something that may happen often is worth a line in the log. */
export class Seldom {
  readonly #periodMs: number;
  readonly #now: () => number;
  #next = -Infinity;

  /** `now` returns the milliseconds of a clock that never goes back. */
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
