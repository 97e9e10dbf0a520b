/** Rest after the first failure, in milliseconds; each further one in a row doubles it. */
const FIRST_REST = 5_000;
const LONGEST_REST = 600_000;

/** How a mirror has been doing: whom to ask first, and whom to leave alone for a while. */
export class MirrorHealth {
  /** Transfers from this mirror at the moment. */
  inFlight = 0;
  /** Why the mirror rests, or the last reason it did. */
  lastError: string | null = null;
  /** Smoothed time to the first byte in milliseconds; null before the first answer. */
  latency: number | null = null;
  #failures = 0;
  #restsUntil = 0;

  /** `now` gives the milliseconds of a clock that only goes forward. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds left until the mirror is asked again in its turn; 0 when it is in good standing. */
  get rest(): number {
    return Math.max(0, this.#restsUntil - this.now());
  }

  /** The mirror has begun to answer, so many milliseconds after it was asked. */
  answered(firstByteAfter: number): void {
    this.#restsUntil = 0;
    this.latency = this.latency === null
      ? firstByteAfter
      : this.latency * 0.8 + firstByteAfter * 0.2;
  }

  /** The mirror has sent all that was asked of it; only that ends a row of failures. */
  succeeded(): void {
    this.#failures = 0;
    this.#restsUntil = 0;
  }

  failed(reason: string): void {
    this.lastError = reason;
    // Failures of transfers that ran side by side are one event, not several.
    if (this.rest > 0) return;
    this.#restsUntil = this.now() + Math.min(LONGEST_REST, FIRST_REST * 2 ** this.#failures);
    this.#failures++;
  }
}
