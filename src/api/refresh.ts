import { z } from "zod";
import { endpoint, lines } from "./endpoint.ts";
import { COUNT } from "./scalars.ts";

const reason = z.string().describe("Why.");
const bytes = COUNT.describe("Size in bytes.");

const repository = z.string().describe("Directory of the repository.");
const DATABASE = z.discriminatedUnion("status", [
  z.object({
    event: z.literal("database"),
    repository,
    status: z.enum(["started", "current", "updated"]),
  }).describe("A database is being refreshed, was current already, or is updated."),
  z.object({ event: z.literal("database"), repository, status: z.literal("failed"), reason })
    .describe("A database could not be refreshed."),
]);

const file = z.string().describe("Path below the server's root.");
const PREFETCH = z.discriminatedUnion("status", [
  z.object({
    event: z.literal("prefetch"),
    file,
    status: z.literal("started"),
    bytes: bytes.nullable().describe("Size in bytes, as in the database; null if unknown."),
  }).describe("A package is being fetched."),
  z.object({
    event: z.literal("prefetch"),
    file,
    status: z.literal("fetched"),
    bytes: bytes.describe("Bytes received from a mirror."),
  }).describe("A package is in the cache."),
  z.object({ event: z.literal("prefetch"), file, status: z.literal("failed"), reason })
    .describe("A package could not be fetched."),
  z.object({ event: z.literal("prefetch"), file: z.null(), status: z.literal("postponed"), reason })
    .describe("The remaining packages are postponed."),
]);

const CLEANUP = z.discriminatedUnion("status", [
  z.object({
    event: z.literal("cleanup"),
    status: z.literal("done"),
    removed: COUNT.describe("Number of removed files."),
    bytes_freed: COUNT.describe("Their size in bytes."),
  }).describe("The cache was cleaned up."),
  z.object({ event: z.literal("cleanup"), status: z.literal("failed"), reason })
    .describe("The cache could not be cleaned up."),
]);

const REFRESH_EVENT = z.discriminatedUnion("event", [
  DATABASE,
  z.object({
    event: z.literal("plan"),
    files: COUNT.describe("Number of packages."),
    bytes: bytes.nullable().describe("Their size in bytes; null if unknown."),
  }).describe("What will be prefetched."),
  PREFETCH,
  CLEANUP,
  z.object({
    event: z.literal("done"),
    databases: COUNT.describe("Number of databases."),
    failed: COUNT.describe("How many of them could not be refreshed."),
    prefetched: COUNT.describe("Number of prefetched packages."),
  }).describe("The refresh is done. This is the last event unless something failed."),
  z.object({
    event: z.literal("failed"),
    kind: z.string().describe("What failed, for programs."),
    reason,
  }).describe("The refresh failed, in whole or in part. This is the last event."),
]).describe("A step of a refresh. Programs should ignore events that they do not know.");

export type RefreshProgressEvent = z.infer<typeof REFRESH_EVENT>;

export const REFRESH = endpoint({
  method: "POST",
  path: "/api/v1/refresh",
  summary: "Refresh the databases, prefetch and clean up",
  // The schedule does the same, and it must work where nothing can be recorded.
  isChange: false,
  isLong: true,
  answers: {
    200: lines(
      REFRESH_EVENT,
      "One JSON object a line, as the refresh proceeds. The last one is done or failed.",
    ),
  },
  failures: { 409: "Another refresh is in progress" },
});
