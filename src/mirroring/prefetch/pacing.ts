import type { BandwidthCap } from "../../async/bandwidth_cap.ts";
import type { Clock } from "../../async/clock.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";

/**
 * How long prefetching makes way after a client requested a file: most files have arrived by then.
 */
const YIELD_MS = 10_000;
/** How long one run makes way in total, however busy clients are. */
const MAX_YIELD_MS = 10 * 60_000;
/** Mirrors close a connection to which they cannot send: nginx after 60 s, others sooner. */
const MAX_PAUSE_MS = 20_000;

export interface PacingOptions {
  clients: ClientDownloads;
  /** Shared by all downloads; null for no cap. */
  cap: BandwidthCap | null;
  clock: Clock;
}

/**
 * Holds prefetching back: by the bandwidth cap, and for a while when clients request files. A
 * transfer that takes longer is as slow as its mirror, or its client has left.
 */
export class Pacing {
  readonly #options: PacingOptions;
  #yieldedMs = 0;

  constructor(options: PacingOptions) {
    this.#options = options;
  }

  /** Resolves when prefetching need not make way for clients, or when the signal is aborted. */
  async untilClientsAreServed(signal: AbortSignal): Promise<void> {
    for (let left; !signal.aborted && (left = this.#yieldMs()) > 0;) {
      await this.#yield(left, signal);
    }
  }

  /**
   * Delays a download that has just received `bytes`. Resolves at once when a client joins the
   * download, or when the signal is aborted.
   */
  async afterChunk(bytes: number, download: Download, signal: AbortSignal): Promise<void> {
    const { clients, cap, clock } = this.#options;
    const isFree = () => signal.aborted || clients.has(download);
    if (isFree()) return;
    const levelAt = clock.monotonic() + (cap?.take(bytes) ?? 0);
    for (let left; !isFree() && (left = levelAt - clock.monotonic()) > 0;) {
      await this.#pause(left, signal);
    }
    const resumeAt = clock.monotonic() + MAX_PAUSE_MS;
    while (!isFree()) {
      const left = Math.min(this.#yieldMs(), resumeAt - clock.monotonic());
      if (left <= 0) return;
      await this.#yield(left, signal);
    }
  }

  /** For how many milliseconds to make way for clients from now on, if nothing changes. */
  #yieldMs(): number {
    const { clients, clock } = this.#options;
    return Math.min(
      clients.lastAskedAt + YIELD_MS - clock.monotonic(),
      MAX_YIELD_MS - this.#yieldedMs,
    );
  }

  async #yield(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const since = clock.monotonic();
    await this.#pause(milliseconds, signal);
    this.#yieldedMs += clock.monotonic() - since;
  }

  /** Resolves when a client joins or leaves, the time is over, or the signal is aborted. */
  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { clients, clock } = this.#options;
    const woken = new AbortController();
    const sleeping = clock.sleep(milliseconds, AbortSignal.any([signal, woken.signal]));
    await Promise.race([clients.change, sleeping]);
    woken.abort();
  }
}
