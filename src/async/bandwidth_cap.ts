/**
 * A token bucket for everything that shares it: at most `bytesPerSecond` in the long run, and at
 * most one second's worth at once. Bytes are counted after they have arrived, so the bucket may be
 * overdrawn; the caller then waits until it is balanced again.
 */
export class BandwidthCap {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  #level: number;
  #filledAt: number;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(bytesPerSecond: number, now: () => number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
    this.#level = bytesPerSecond;
    this.#filledAt = now();
  }

  /** Counts bytes; returns how many milliseconds to wait before reading more. */
  take(bytes: number): number {
    const now = this.#now();
    const rate = this.#bytesPerSecond;
    const filled = this.#level + (now - this.#filledAt) / 1000 * rate;
    this.#level = Math.min(filled, rate) - bytes;
    this.#filledAt = now;
    return this.#level >= 0 ? 0 : -this.#level / rate * 1000;
  }
}
