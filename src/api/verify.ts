import { z } from "zod";
import { endpoint, lines } from "./endpoint.ts";
import { COUNT } from "./scalars.ts";

const packages = COUNT.describe("Number of packages.");
const bytes = COUNT.describe("Their size in bytes.");
const file = z.string().describe("Path of a package or signature below the server's root.");
const reason = z.string().describe("Why.");

const FILE = z.discriminatedUnion("status", [
  z.object({ event: z.literal("file"), file, status: z.literal("wrong"), reason })
    .describe("A file is not what it should be."),
  z.object({ event: z.literal("file"), file, status: z.enum(["set_aside", "fetched"]) })
    .describe("A wrong file was moved to the quarantine, or is in the cache anew."),
  z.object({ event: z.literal("file"), file, status: z.literal("failed"), reason })
    .describe("A wrong file could not be repaired."),
]);

const VERIFY_EVENT = z.discriminatedUnion("event", [
  z.object({ event: z.literal("plan"), packages, bytes }).describe("What will be read."),
  z.object({ event: z.literal("progress"), packages, bytes }).describe("What has been read."),
  FILE,
  z.object({
    event: z.literal("done"),
    packages: COUNT.describe("Number of packages that were read."),
    bytes,
    wrong: COUNT.describe("Packages and signatures that are not what they should be."),
    repaired: COUNT.describe("How many of them were fetched anew."),
    unknown: COUNT.describe("Packages of which nobody says what they should be."),
  }).describe("The verification is done. This is the last event unless it failed."),
  z.object({
    event: z.literal("failed"),
    kind: z.string().describe("What failed, for programs."),
    reason,
  }).describe("The verification failed. This is the last event."),
]).describe("A step of a verification. Programs should ignore events that they do not know.");

export type VerifyProgressEvent = z.infer<typeof VERIFY_EVENT>;

export const VERIFY = endpoint({
  method: "POST",
  path: "/api/v1/verify",
  summary: "Verify the cached packages",
  isLong: true,
  query: {
    repair: z.enum(["true", "false"]).default("false").describe(
      "Whether to set wrong files aside and fetch them anew.",
    ),
    repository: z.string().optional().describe(
      "Only packages of this repository, given by name or directory.",
    ),
  },
  answers: {
    200: lines(
      VERIFY_EVENT,
      "One JSON object a line, as the verification proceeds. The last one is done or failed. " +
        "The verification stops when the client leaves.",
    ),
  },
  failures: { 409: "Another verification is in progress" },
});
