import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

/** Counts of requests for files, by how they ended. */
export const REQUEST_COUNTS = z.object({
  hit: COUNT.describe("Answered from the cache."),
  miss: COUNT.describe("Started a download."),
  join: COUNT.describe("Joined a download in flight."),
  stale: COUNT.describe("Answered from the cache, because no mirror answered in time."),
  direct: COUNT.describe("Passed through from a mirror."),
  not_modified: COUNT.describe("The client's copy was current (304)."),
  not_found: COUNT.describe("There was no such file (404)."),
  refused: COUNT.describe("Any other 4xx."),
  error: COUNT.describe("5xx, or an aborted response."),
}).describe("File requests, by outcome.");

/** What is counted of clients, repositories and times alike. */
export const TRAFFIC_SHAPE = {
  requests: REQUEST_COUNTS,
  bytes_served: COUNT.describe("Bytes of files sent to clients."),
  bytes_saved: COUNT.describe("Of these, bytes that needed no transfer from a mirror."),
};

const BYTES_FETCHED = COUNT.nullable().describe(
  "Bytes that mirrors sent, also for prefetches and databases; null for a client.",
);

const BUCKET = z.object({
  start: TIMESTAMP.describe("When the bucket begins."),
  ...TRAFFIC_SHAPE,
  bytes_fetched: BYTES_FETCHED,
}).describe("Traffic in a part of the range.");

export const HISTORY = z.object({
  range: z.enum(["day", "month", "year"]).describe("The range that was asked for."),
  client: z.string().nullable().describe("The client's address; null for all clients."),
  repository: z.string().nullable().describe("The repository's directory; null for all."),
  bucket_seconds: COUNT.describe("The length of each bucket; days are days in UTC."),
  buckets: z.array(BUCKET).describe("The whole range without gaps, oldest first."),
  total: z.object({
    ...TRAFFIC_SHAPE,
    bytes_fetched: BYTES_FETCHED,
    hit_ratio: z.number().min(0).max(1).nullable().describe(
      "Share of the requests for existing files that needed no transfer; null without any.",
    ),
  }).describe("The whole range."),
}).describe("Traffic in a range that ends now.");

export type HistoryReport = z.infer<typeof HISTORY>;
export type RequestCounts = z.infer<typeof REQUEST_COUNTS>;

export const SHOW_TRAFFIC_HISTORY = endpoint({
  method: "GET",
  path: "/api/v1/history",
  summary: "Show traffic over time",
  query: {
    range: z.enum(["day", "month", "year"]).default("day").describe(
      "The last 24 hours in buckets of 5 minutes, 31 days in hours, or 366 days in days.",
    ),
    client: z.string().max(64).optional().describe(
      'Only this client: its address, or "others" for those beyond the limit.',
    ),
    repository: z.string().max(512).optional().describe(
      'Only this repository: its directory, or "extra_paths". Not together with a client.',
    ),
  },
  answers: { 200: HISTORY },
});
