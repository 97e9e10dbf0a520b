import { type Sample, Throughput } from "./throughput.ts";

/** Rest after the first failure; each further failure in a row doubles it. */
const FIRST_REST_MS = 5_000;
const MAX_REST_MS = 600_000;

/** Weight of the latest response in the smoothed latency. */
const LATENCY_WEIGHT = 0.2;

/** How well a mirror works: whether to ask it first, or to leave it alone for a while. */
export class MirrorHealth {
  /** Bodies of this mirror being read. */
  inFlight = 0;
  /** Why the mirror is resting, or last rested. */
  lastError: string | null = null;
  /** Smoothed time to the first byte; null before the first response. */
  latencyMs: number | null = null;
  readonly #now: () => number;
  readonly #throughput: Throughput;
  #failures = 0;
  #restsUntil = 0;
  #isLeftAloneUntil = 0;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#throughput = new Throughput(now);
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Time until the mirror is asked in its turn again; 0 if it is in good standing. */
  get restMs(): number {
    return Math.max(0, this.#restsUntil - this.#now(), this.leftAloneMs);
  }

  /** Time until the mirror may be asked at all, as requested by it; 0 if it has not said so. */
  get leftAloneMs(): number {
    return Math.max(0, this.#isLeftAloneUntil - this.#now());
  }

  /** The recent rate of one transfer, smoothed; null if unknown. */
  get bytesPerSecond(): number | null {
    return this.#throughput.bytesPerSecond;
  }

  /** Records what has arrived of a body. */
  recordBytes(sample: Sample): void {
    this.#throughput.add(sample);
  }

  /** Records that a response has begun, `firstByteAfterMs` after the request. Ends the rest. */
  recordResponse(firstByteAfterMs: number): void {
    this.#restsUntil = 0;
    this.latencyMs = this.latencyMs === null
      ? firstByteAfterMs
      : this.latencyMs * (1 - LATENCY_WEIGHT) + firstByteAfterMs * LATENCY_WEIGHT;
  }

  /** Records that a response has ended properly. Only this ends a series of failures. */
  recordSuccess(): void {
    this.#failures = 0;
    this.#restsUntil = 0;
  }

  /**
   * Records a failure, after which the mirror rests. If it said for how long, it is left alone for
   * that time, up to ten minutes, even if its other transfers succeed. Returns whether the rest
   * begins with this failure.
   */
  recordFailure(reason: string, retryAfterMs: number | null = null): boolean {
    this.lastError = reason;
    const now = this.#now();
    // Concurrent transfers that fail count as one failure.
    const begins = this.restMs === 0;
    if (begins) {
      this.#restsUntil = now + Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** this.#failures);
      this.#failures++;
    }
    if (retryAfterMs !== null) {
      this.#isLeftAloneUntil = now + Math.min(MAX_REST_MS, retryAfterMs);
    }
    return begins;
  }
}
