import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";
import type { BandwidthCap } from "./bandwidth_cap.ts";
import type { Clock } from "../../async/clock.ts";

/** Mirrors hang up on whom they cannot send to; nginx after 60 s, others sooner. In milliseconds. */
const LONGEST_PAUSE = 20_000;

export interface PacingOptions {
  clients: ClientDownloads;
  /** For all downloads together; null for none. */
  cap: BandwidthCap | null;
  clock: Clock;
}

/** Holds prefetching back: for the bandwidth cap, and while clients wait for files of their own. */
export class Pacing {
  constructor(private readonly options: PacingOptions) {}

  /** Waits until no client waits for a download; gives up when the signal is aborted. */
  async untilClientsAreServed(signal: AbortSignal): Promise<void> {
    const { clients } = this.options;
    while (clients.count > 0 && !signal.aborted) await this.#pause(LONGEST_PAUSE, signal);
  }

  /**
   * Waits as long as a download that has just taken `bytes` should. One that a client has joined
   * is no longer held back.
   */
  async afterChunk(bytes: number, download: Download, signal: AbortSignal): Promise<void> {
    const { clients, cap, clock } = this.options;
    const isFree = () => signal.aborted || clients.has(download);
    if (isFree()) return;
    const level = clock.monotonic() + (cap?.take(bytes) ?? 0);
    for (let left; !isFree() && (left = level - clock.monotonic()) > 0;) {
      await this.#pause(left, signal);
    }
    const longest = clock.monotonic() + LONGEST_PAUSE;
    while (!isFree() && clients.count > 0) {
      const left = longest - clock.monotonic();
      if (left <= 0) return;
      await this.#pause(left, signal);
    }
  }

  /** Waits until clients come or go, the time is over, or the signal is aborted. */
  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { clients, clock } = this.options;
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener("abort", abort);
    try {
      if (signal.aborted) return;
      await Promise.race([clients.change, clock.sleep(milliseconds, controller.signal)]);
    } finally {
      signal.removeEventListener("abort", abort);
      controller.abort();
    }
  }
}
