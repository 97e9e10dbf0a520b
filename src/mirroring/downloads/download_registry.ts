import type { Metrics } from "../../platform/observability/metrics.ts";
import { Download } from "./download.ts";
import type { DownloadRequest } from "./download_request.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { RateMeter } from "./rate_meter.ts";

/** A download in flight and its progress. */
export interface DownloadInFlight {
  readonly key: string;
  readonly download: Download;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly rate: RateMeter;
}

/** The downloads in flight, one per key however many clients ask (single-flight). */
export class DownloadRegistry {
  readonly #byKey = new Map<string, DownloadInFlight>();
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  get(key: string): Download | null {
    return this.#byKey.get(key)?.download ?? null;
  }

  /** All of them, the oldest first. */
  entries(): Iterable<DownloadInFlight> {
    return this.#byKey.values();
  }

  /** Joins the download of `key`, or starts it; `started` tells which. */
  join(
    key: string,
    upstream: Upstream,
    request: () => DownloadRequest,
  ): { download: Download; started: boolean } {
    const current = this.#byKey.get(key);
    if (current !== undefined) return { download: current.download, started: false };
    const rate = new RateMeter();
    const { onBytes, ...rest } = request();
    const download = new Download(upstream, {
      ...rest,
      onBytes: (count) => {
        rate.add(count);
        onBytes?.(count);
      },
    });
    this.#byKey.set(key, { key, download, startedAt: Date.now(), rate });
    this.#metrics.addDownload();
    const remove = () => {
      this.#byKey.delete(key);
      this.#metrics.removeDownload();
    };
    download.done.then(remove, remove);
    return { download, started: true };
  }

  /** Stops all downloads and waits for them to end. Their part files stay for the next start. */
  async stop(): Promise<void> {
    const downloads = [...this.#byKey.values()].map(({ download }) => download);
    for (const download of downloads) download.abort();
    await Promise.allSettled(downloads.map(({ done }) => done));
  }
}
