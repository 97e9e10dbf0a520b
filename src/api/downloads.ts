import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const DOWNLOAD = z.object({
  file: z.string().describe("Path below the server's root."),
  bytes: COUNT.describe("Bytes that have arrived and may be sent to clients."),
  size: COUNT.nullable().describe(
    "Size of the whole file in bytes; null while unknown.",
  ),
  mirror: z.string().nullable().describe(
    "The mirror that sends the file; null before the first response.",
  ),
  clients: COUNT.describe("Client requests that have taken part in the download."),
  purpose: z.enum(["client", "prefetch"]).describe("Whether a client asked for the file."),
  bytes_per_second: COUNT.describe("Rate over the last few seconds."),
  started_at: TIMESTAMP.describe("When the download started."),
}).describe("A file on its way from a mirror into the cache.");

const DOWNLOAD_LIST = z.object({
  downloads: z.array(DOWNLOAD).describe("The downloads, oldest first."),
}).describe("The downloads in flight.");

export type DownloadReport = z.infer<typeof DOWNLOAD>;

export const LIST_DOWNLOADS = endpoint({
  method: "GET",
  path: "/api/v1/downloads",
  summary: "List the downloads in flight",
  answers: { 200: DOWNLOAD_LIST },
});
