/** Bytes that came longer ago than this count less and less, in milliseconds. */
const WINDOW = 3_000;

/** How fast bytes come in, as of the last seconds. */
export class RateMeter {
  readonly #startedAt: number;
  #bytes = 0;
  #at: number;

  /** `now` gives the milliseconds of a clock that only goes forward. */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.#startedAt = this.#at = now();
  }

  /** Notes bytes that have come in. */
  add(count: number): void {
    this.#fade();
    this.#bytes += count;
  }

  /** Bytes per second, a whole number. */
  get rate(): number {
    this.#fade();
    // What has faded so far is as little as the time that it came in.
    const weight = WINDOW * (1 - Math.exp((this.#startedAt - this.#at) / WINDOW));
    return weight === 0 ? 0 : Math.round(this.#bytes / weight * 1000);
  }

  #fade(): void {
    const now = this.now();
    this.#bytes *= Math.exp((this.#at - now) / WINDOW);
    this.#at = now;
  }
}
