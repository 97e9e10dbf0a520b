import type { Metrics } from "../../platform/observability/metrics.ts";
import { Download, type DownloadRequest } from "./download.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { RateMeter } from "./rate_meter.ts";

/** A download in flight and how it goes. */
export interface DownloadInFlight {
  readonly key: string;
  readonly download: Download;
  /** When it began, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly rate: RateMeter;
}

/** The downloads in flight, one for a key however many ask (single-flight). */
export class DownloadRegistry {
  readonly #byKey = new Map<string, DownloadInFlight>();

  constructor(private readonly metrics: Metrics) {}

  get(key: string): Download | null {
    return this.#byKey.get(key)?.download ?? null;
  }

  /** All of them, the oldest first. */
  entries(): Iterable<DownloadInFlight> {
    return this.#byKey.values();
  }

  /** The download under way for `key`, or a new one. `started` tells which. */
  join(
    key: string,
    access: Upstream,
    request: () => DownloadRequest,
  ): { download: Download; started: boolean } {
    const current = this.#byKey.get(key);
    if (current !== undefined) return { download: current.download, started: false };
    const rate = new RateMeter();
    const { onBytes, ...rest } = request();
    const download = new Download(access, {
      ...rest,
      onBytes: (count) => {
        rate.add(count);
        onBytes?.(count);
      },
    });
    this.#byKey.set(key, { key, download, startedAt: Date.now(), rate });
    this.metrics.addDownload();
    const remove = () => {
      this.#byKey.delete(key);
      this.metrics.removeDownload();
    };
    download.done.then(remove, remove);
    return { download, started: true };
  }

  /** Stops all transfers, leaving their parts to be gone on with, and waits until they have. */
  async stop(): Promise<void> {
    const downloads = [...this.#byKey.values()].map(({ download }) => download);
    for (const download of downloads) download.abort();
    await Promise.allSettled(downloads.map(({ done }) => done));
  }
}
