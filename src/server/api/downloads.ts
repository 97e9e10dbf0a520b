import {
  type DownloadReport,
  type FinishedDownloadReport,
  LIST_DOWNLOADS,
  LIST_FINISHED_DOWNLOADS,
} from "../../api/downloads.ts";
import type {
  FailedMirror,
  FinishedDownload,
} from "../../mirroring/downloads/finished_downloads.ts";
import type { DownloadInFlight } from "../../mirroring/downloads/download_registry.ts";
import type { Mirroring } from "../../mirroring/mirroring.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const downloadRoutes: readonly Route[] = [
  handle(LIST_DOWNLOADS, ({ mirroring }) => ({
    downloads: Array.from(
      mirroring.downloads.entries(),
      (inFlight) => downloadReport(inFlight, mirroring),
    ),
  })),
  handle(LIST_FINISHED_DOWNLOADS, ({ mirroring: { downloads } }) => ({
    downloads: downloads.finished.list().map(finishedReport),
  })),
];

function downloadReport(
  { key, download, startedAt, rate, failed }: DownloadInFlight,
  { clientDownloads }: Mirroring,
): DownloadReport {
  const { released: bytes, size } = download;
  const bytesPerSecond = rate.rate;
  const slowest = clientDownloads.slowestReader(download);
  return {
    file: key,
    bytes,
    size,
    mirror: download.mirror?.name ?? null,
    clients: clientDownloads.requestsFor(download),
    purpose: clientDownloads.has(download) ? "client" : "prefetch",
    bytes_per_second: bytesPerSecond,
    ms_left: size === null || bytesPerSecond === 0
      ? null
      : Math.round(Math.max(0, size - bytes) / bytesPerSecond * 1000),
    started_at: timestamp(startedAt),
    sources: download.sources,
    failed: failed.map(failedReport),
    slowest_client: slowest === null
      ? null
      : { address: slowest.address, bytes: slowest.bytes, bytes_per_second: slowest.rate },
  };
}

function finishedReport(finished: FinishedDownload): FinishedDownloadReport {
  const { key, failure, bytes, size, startedAt, endedAt, clients, sources, failed } = finished;
  return {
    file: key,
    outcome: failure === null ? "stored" : "failed",
    reason: failure,
    bytes,
    size,
    started_at: timestamp(startedAt),
    ended_at: timestamp(endedAt),
    duration_ms: Math.max(0, endedAt - startedAt),
    clients,
    purpose: clients === 0 ? "prefetch" : "client",
    sources: sources.map(({ mirror, bytes }) => ({ mirror, bytes })),
    failed: failed.map(failedReport),
  };
}

function failedReport({ mirror, why, isRefused }: FailedMirror) {
  return { mirror, why, refused: isRefused };
}
