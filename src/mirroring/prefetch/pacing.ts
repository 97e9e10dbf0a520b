import type { BandwidthCap } from "../../async/bandwidth_cap.ts";
import type { Clock } from "../../async/clock.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";

/** Mirrors close a connection that they cannot send to: nginx after 60 s, others sooner. */
const MAX_PAUSE_MS = 20_000;

export interface PacingOptions {
  clients: ClientDownloads;
  /** Shared by all downloads; null for no cap. */
  cap: BandwidthCap | null;
  clock: Clock;
}

/** Holds prefetching back: by the bandwidth cap, and while clients wait for their own files. */
export class Pacing {
  readonly #options: PacingOptions;

  constructor(options: PacingOptions) {
    this.#options = options;
  }

  /** Resolves when no client waits for a download, or when the signal is aborted. */
  async untilClientsAreServed(signal: AbortSignal): Promise<void> {
    const { clients } = this.#options;
    while (clients.count > 0 && !signal.aborted) await this.#pause(MAX_PAUSE_MS, signal);
  }

  /**
   * Holds a download back that has just received `bytes`. Resolves at once when a client joins the
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
    while (!isFree() && clients.count > 0) {
      const left = resumeAt - clock.monotonic();
      if (left <= 0) return;
      await this.#pause(left, signal);
    }
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
