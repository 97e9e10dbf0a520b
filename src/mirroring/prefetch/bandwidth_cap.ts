/**
 * A token bucket over everything that takes from it: no more than `bytesPerSecond` in the long run,
 * and no more than a second's worth at once. What is taken has already come in, so the bucket may
 * be overdrawn, and who overdraws it waits until it is level again.
 */
export class BandwidthCap {
  #level: number;
  #filledAt: number;

  /** `now` gives the milliseconds of a clock that only goes forward. */
  constructor(private readonly bytesPerSecond: number, private readonly now: () => number) {
    this.#level = bytesPerSecond;
    this.#filledAt = now();
  }

  /** Takes bytes; gives the milliseconds to wait before taking more. */
  take(bytes: number): number {
    const now = this.now();
    const filled = this.#level + (now - this.#filledAt) / 1000 * this.bytesPerSecond;
    this.#level = Math.min(filled, this.bytesPerSecond) - bytes;
    this.#filledAt = now;
    return this.#level >= 0 ? 0 : -this.#level / this.bytesPerSecond * 1000;
  }
}
