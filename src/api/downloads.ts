import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const SOURCE = z.object({
  mirror: z.string().describe("The mirror."),
  bytes: COUNT.describe("How many bytes it has sent."),
}).describe("A mirror that has sent bytes of a file.");

const FAILED_MIRROR = z.object({
  mirror: z.string().describe("The mirror."),
  why: z.string().describe("What it answered, or why the transfer ended."),
  refused: z.boolean().describe("Whether it sent wrong bytes."),
}).describe("A mirror that failed, lacked the file or had a different one.");

const READER = z.object({
  address: z.string().describe("Its IP address; unknown if a proxy does not name it."),
  bytes: COUNT.describe("Bytes received by the client."),
  bytes_per_second: COUNT.describe("Its rate over the last few seconds."),
}).describe("A client that receives a file during its download.");

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
  ms_left: COUNT.nullable().describe(
    "Milliseconds until the end at this rate; null if the size is unknown, or nothing arrives.",
  ),
  started_at: TIMESTAMP.describe("When the download started."),
  sources: z.array(SOURCE).describe("The mirrors that have sent bytes, largest share first."),
  failed: z.array(FAILED_MIRROR).describe("The first mirrors that have failed."),
  slowest_client: READER.nullable().describe(
    "The slowest client that reads it; null for none.",
  ),
}).describe("A file on its way from a mirror into the cache.");

const FINISHED_DOWNLOAD = z.object({
  file: z.string().describe("Path below the server's root."),
  outcome: z.enum(["stored", "failed"]).describe("Whether the file is in the cache."),
  reason: z.string().nullable().describe("Why it failed; null if it did not."),
  bytes: COUNT.describe("Bytes received; the whole file if it was stored."),
  size: COUNT.nullable().describe("Size of the whole file in bytes; null if never known."),
  started_at: TIMESTAMP.describe("When the download started."),
  ended_at: TIMESTAMP.describe("When it ended."),
  duration_ms: COUNT.describe("How long it took."),
  clients: COUNT.describe("Client requests that took part; none for a prefetch."),
  purpose: z.enum(["client", "prefetch"]).describe("Whether a client asked for the file."),
  sources: z.array(SOURCE).describe(
    "The mirrors that sent it since the last restart, largest share first.",
  ),
  failed: z.array(FAILED_MIRROR).describe("The first mirrors that failed."),
}).describe("A download that has ended.");

const FINISHED_DOWNLOADS = z.object({
  downloads: z.array(FINISHED_DOWNLOAD).describe(
    "The last twenty since the daemon started, newest first.",
  ),
}).describe("Downloads that have ended.");

const DOWNLOAD_LIST = z.object({
  downloads: z.array(DOWNLOAD).describe("The downloads, oldest first."),
}).describe("The downloads in flight.");

export type DownloadReport = z.infer<typeof DOWNLOAD>;
export type FinishedDownloadReport = z.infer<typeof FINISHED_DOWNLOAD>;

export const LIST_DOWNLOADS = endpoint({
  method: "GET",
  path: "/api/v1/downloads",
  summary: "List the downloads in flight",
  answers: { 200: DOWNLOAD_LIST },
});

export const LIST_FINISHED_DOWNLOADS = endpoint({
  method: "GET",
  path: "/api/v1/downloads/finished",
  summary: "List the latest downloads that have ended",
  answers: { 200: FINISHED_DOWNLOADS },
});
