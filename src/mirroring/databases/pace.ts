/** The progress of a copy from a mirror, to decide whether to ask another mirror as well. */
export class Pace {
  readonly #now: () => number;
  readonly #startedAt: number;
  /** Since when the mirror owes a response; null while it is sending one. */
  #waitingSince: number | null = null;
  /** Since when the body has been arriving. */
  #bodySince: number;
  #received = 0;
  #size: number | null = null;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedAt = this.#bodySince = now();
  }

  /** Records that a request was sent. */
  recordRequest(): void {
    this.#waitingSince = this.#now();
  }

  /** Records that the response with a file of `size` bytes has begun; null if unknown. */
  recordResponse(size: number | null): void {
    this.#waitingSince = null;
    this.#bodySince = this.#now();
    this.#received = 0;
    this.#size = size;
  }

  /** Records bytes that have arrived. */
  add(count: number): void {
    this.#received += count;
  }

  /** Milliseconds until the file is complete at its rate so far; infinite if unknown. */
  get remainingMs(): number {
    if (this.#waitingSince !== null || this.#size === null || this.#received === 0) return Infinity;
    const elapsedMs = this.#now() - this.#bodySince;
    return elapsedMs * (this.#size - this.#received) / this.#received;
  }

  /**
   * Whether the mirror has owed a response for `raceTimeoutMs`, or is too slow to finish within
   * `budgetMs` of the start.
   */
  isLate({ raceTimeoutMs, budgetMs }: { raceTimeoutMs: number; budgetMs: number }): boolean {
    const now = this.#now();
    if (this.#waitingSince !== null) return now - this.#waitingSince >= raceTimeoutMs;
    return now - this.#bodySince >= raceTimeoutMs &&
      now - this.#startedAt + this.remainingMs > budgetMs;
  }
}
