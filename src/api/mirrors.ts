import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { COUNT } from "./scalars.ts";

const upstream = z.string().describe("The name of its upstream in the configuration.");
const name = z.string().describe("Host and path, without credentials.");

const MIRROR = z.object({
  upstream,
  name,
  role: z.enum(["mirror", "archive"]).describe(
    "An archive has old packages, but no databases.",
  ),
  state: z.enum(["ready", "resting", "unused"]).describe(
    "Resting after a failure, unused before the first response, otherwise ready.",
  ),
  latency_ms: COUNT.nullable().describe(
    "Smoothed time to the first byte in milliseconds; null before the first response.",
  ),
  bytes_per_second: COUNT.nullable().describe(
    "Smoothed rate of one transfer; null if too little was transferred lately to tell.",
  ),
  failures: COUNT.describe("Consecutive failures."),
  rests_ms: COUNT.describe("Milliseconds until the mirror is used again in its turn."),
  in_flight: COUNT.describe("Transfers from the mirror in progress."),
  last_error: z.string().nullable().describe("The last failure since the daemon started."),
}).describe("A mirror of an upstream.");

const MIRROR_LIST = z.object({
  mirrors: z.array(MIRROR).describe("The mirrors, in the order of the configuration."),
}).describe("The mirrors of all upstreams.");

const MIRROR_TRIAL = z.object({
  upstream,
  name,
  file: z.string().nullable().describe(
    "The requested file, relative to the mirror's root; null if nothing was requested.",
  ),
  ms: COUNT.nullable().describe(
    "Milliseconds to the response; null if there was no usable one.",
  ),
  last_modified: z.string().nullable().describe(
    "The date of the mirror's database, as in its Last-Modified header.",
  ),
  error: z.string().nullable().describe("Why the mirror is unusable; null if it works."),
}).describe("How a mirror responded.");

const MIRROR_TRIALS = z.object({
  mirrors: z.array(MIRROR_TRIAL).describe("The mirrors, in the order of the configuration."),
}).describe("How every mirror responded.");

export type MirrorReport = z.infer<typeof MIRROR>;
export type MirrorTrial = z.infer<typeof MIRROR_TRIAL>;

export const LIST_MIRRORS = endpoint({
  method: "GET",
  path: "/api/v1/mirrors",
  summary: "List the mirrors and their state",
  answers: { 200: MIRROR_LIST },
});

export const TEST_MIRRORS = endpoint({
  method: "POST",
  path: "/api/v1/mirrors/test",
  summary: "Test every mirror",
  isChange: false,
  isLong: true,
  answers: { 200: MIRROR_TRIALS },
});
