import type { Metrics } from "../../platform/observability/metrics.ts";
import { Download } from "./download.ts";
import type { DownloadRequest } from "./download_request.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { type FailedMirror, FinishedDownloads, MAX_FAILURES } from "./finished_downloads.ts";
import { RateMeter } from "./rate_meter.ts";

/** A download in flight and its progress. */
export interface DownloadInFlight {
  readonly key: string;
  readonly download: Download;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly rate: RateMeter;
  /** The first mirrors that have failed. */
  readonly failed: readonly FailedMirror[];
}

/** The downloads in flight: one per key, however many clients ask (single-flight). */
export class DownloadRegistry {
  readonly #byKey = new Map<string, DownloadInFlight>();
  readonly finished = new FinishedDownloads();
  readonly #metrics: Metrics;
  #isStopped = false;
  readonly #clientsOf: (download: Download) => number;

  /** `clientsOf` returns how many requests of clients have joined a download. */
  constructor(metrics: Metrics, clientsOf: (download: Download) => number = () => 0) {
    this.#metrics = metrics;
    this.#clientsOf = clientsOf;
  }

  get(key: string): Download | null {
    return this.#byKey.get(key)?.download ?? null;
  }

  /** All of them, oldest first. */
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
    const failed: FailedMirror[] = [];
    const { onBytes, onFailure, ...rest } = request();
    const download = new Download(upstream, {
      ...rest,
      onBytes: (count) => {
        rate.add(count);
        onBytes?.(count);
      },
      onFailure: (failure) => {
        onFailure?.(failure);
        const { mirror: { name }, error } = failure;
        if (failed.length >= MAX_FAILURES) return;
        const isRefused = error instanceof PkgstashError && error.kind === "content";
        failed.push({ mirror: name, why: reasonOf(error), isRefused });
      },
    });
    const inFlight = { key, download, startedAt: Date.now(), rate, failed };
    this.#byKey.set(key, inFlight);
    this.#metrics.addDownload();
    const remove = () => {
      this.#byKey.delete(key);
      this.#metrics.removeDownload();
    };
    download.done.then(({ result }) => {
      remove();
      if (result === "fetched") this.#remember(inFlight, null);
    }, (error) => {
      remove();
      // Names that no mirror has are not our files, and stopping is not a failure.
      const isMissing = error instanceof PkgstashError && error.kind === "not_found";
      if (!isMissing && !this.#isStopped) this.#remember(inFlight, reasonOf(error));
    });
    return { download, started: true };
  }

  #remember({ key, download, startedAt, failed }: DownloadInFlight, failure: string | null): void {
    this.finished.add({
      key,
      startedAt,
      endedAt: Date.now(),
      bytes: download.released,
      size: download.size,
      sources: download.sources,
      failed,
      clients: this.#clientsOf(download),
      failure,
    });
  }

  /** Stops all downloads and waits for them to end. Their part files stay for the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const downloads = [...this.#byKey.values()].map(({ download }) => download);
    for (const download of downloads) download.abort();
    await Promise.allSettled(downloads.map(({ done }) => done));
  }
}
