import { DOWNLOAD_LIST } from "../../api/download_report.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";

/** `GET /api/v1/downloads`. */
export const downloadsRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/downloads",
  summary: "The downloads in flight",
  answers: [jsonAnswer(DOWNLOAD_LIST)],
  handle: ({ services: { downloads, clientDownloads } }) =>
    json(DOWNLOAD_LIST, {
      downloads: Array.from(downloads.entries(), ({ key, download, startedAt, rate }) => ({
        file: key,
        bytes: download.released,
        size: download.size,
        mirror: download.mirror?.name ?? null,
        clients: clientDownloads.requestsFor(download),
        purpose: clientDownloads.has(download) ? "client" as const : "prefetch" as const,
        bytes_per_second: rate.rate,
        started_at: new Date(startedAt).toISOString(),
      })),
    }),
};
