import type { Clock } from "../../async/clock.ts";
import { PkgstashError } from "../../errors.ts";

/** A prefetch must receive this many bytes in this time, or others would wait for it for hours. */
const PATIENCE_MS = 20_000;
const MIN_BYTES = 160 * 1024;

/** A prefetch was abandoned because it was too slow. */
export class TooSlow extends PkgstashError {
  constructor(name: string, bytes: number) {
    super(
      "upstream",
      `Cannot prefetch ${name}: only ${bytes} bytes arrived within ${PATIENCE_MS / 1000} s.`,
    );
  }
}

/** The progress of a download. */
export interface Progress {
  /** Bytes received so far. */
  readonly released: number;
}

/** Measures the time during which nothing of ours held a prefetch back. */
export class Patience {
  readonly #clock: Clock;
  #heldMs = 0;
  #heldSince: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for something that holds the prefetch back; that time does not count. */
  async hold(wait: () => Promise<void>): Promise<void> {
    this.#heldSince = this.#clock.monotonic();
    try {
      await wait();
    } finally {
      this.#heldMs = this.#heldUntilNow();
      this.#heldSince = null;
    }
  }

  /**
   * Rejects with {@linkcode TooSlow} when a prefetch is too slow; resolves when the signal is
   * aborted.
   */
  async untilTooSlow(name: string, download: Progress, signal: AbortSignal): Promise<void> {
    let mark = this.#active();
    let bytes = download.released;
    while (!signal.aborted) {
      const leftMs = mark + PATIENCE_MS - this.#active();
      if (leftMs > 0) {
        await this.#clock.sleep(leftMs, signal);
        continue;
      }
      const received = download.released - bytes;
      if (received < MIN_BYTES) throw new TooSlow(name, received);
      mark = this.#active();
      bytes = download.released;
    }
  }

  #active(): number {
    return this.#clock.monotonic() - this.#heldUntilNow();
  }

  #heldUntilNow(): number {
    if (this.#heldSince === null) return this.#heldMs;
    return this.#heldMs + this.#clock.monotonic() - this.#heldSince;
  }
}
