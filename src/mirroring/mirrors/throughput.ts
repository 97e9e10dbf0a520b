/** Shorter and smaller samples tell more about how connections begin than about the mirror. */
const MIN_SAMPLE_BYTES = 64 * 1024;
const MIN_SAMPLE_MS = 1_000;
/** Time constant: after this much waiting, earlier samples count for a little over a third. */
const WINDOW_MS = 5_000;
/** After this time without a sample, the rate counts as unknown: mirrors change. */
const MAX_AGE_MS = 900_000;

/** Bytes that arrived, and the time spent waiting for them. */
export interface Sample {
  bytes: number;
  waitedMs: number;
}

/** The rate of one transfer from a mirror, in bytes per second, smoothed over its transfers. */
export class Throughput {
  readonly #now: () => number;
  #bytes = 0;
  #waitedMs = 0;
  #at = -Infinity;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add({ bytes, waitedMs }: Sample): void {
    if (bytes < MIN_SAMPLE_BYTES && waitedMs < MIN_SAMPLE_MS) return;
    const weight = this.bytesPerSecond === null ? 0 : Math.exp(-waitedMs / WINDOW_MS);
    this.#bytes = this.#bytes * weight + bytes;
    this.#waitedMs = this.#waitedMs * weight + waitedMs;
    this.#at = this.#now();
  }

  /** Null if too little has arrived recently to tell. */
  get bytesPerSecond(): number | null {
    if (this.#now() - this.#at > MAX_AGE_MS) return null;
    return rateOf({ bytes: this.#bytes, waitedMs: this.#waitedMs });
  }
}

/** What has arrived since `start`. */
export function sampleSince(start: Sample, now: Sample): Sample {
  return { bytes: now.bytes - start.bytes, waitedMs: now.waitedMs - start.waitedMs };
}

/** Bytes per second. */
export function rateOf({ bytes, waitedMs }: Sample): number {
  // Bytes that took no wait arrived within the resolution of the clock.
  return bytes / Math.max(1, waitedMs) * 1000;
}
