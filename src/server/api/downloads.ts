import { LIST_DOWNLOADS } from "../../api/downloads.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const downloadRoutes: readonly Route[] = [
  handle(LIST_DOWNLOADS, ({ mirroring: { downloads, clientDownloads } }) => ({
    downloads: Array.from(downloads.entries(), ({ key, download, startedAt, rate }) => ({
      file: key,
      bytes: download.released,
      size: download.size,
      mirror: download.mirror?.name ?? null,
      clients: clientDownloads.requestsFor(download),
      purpose: clientDownloads.has(download) ? "client" as const : "prefetch" as const,
      bytes_per_second: rate.rate,
      started_at: timestamp(startedAt),
    })),
  })),
];
