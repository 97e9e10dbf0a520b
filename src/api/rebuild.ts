import { z } from "zod";
import { endpoint, lines } from "./endpoint.ts";
import { GENERATION } from "./repositories.ts";
import { COUNT } from "./scalars.ts";

const packages = COUNT.describe("Number of packages.");
const bytes = COUNT.describe("Their size in bytes.");
const reason = z.string().describe("Why.");

const REBUILD_EVENT = z.discriminatedUnion("event", [
  z.object({ event: z.literal("plan"), packages, bytes }).describe("What will be read."),
  z.object({ event: z.literal("progress"), packages, bytes }).describe("What has been read."),
  z.object({
    event: z.literal("difference"),
    file: z.string().describe("File name of the package."),
    outcome: z.enum(["described", "signed", "lost"]).describe(
      "Whether its records were rewritten, it was signed again, or it cannot be published.",
    ),
    reason,
  }).describe("A package differs from what is recorded of it."),
  z.object({
    event: z.literal("done"),
    packages: COUNT.describe("Number of packages that were read."),
    bytes,
    differences: COUNT.describe("Number of differences that were found."),
    generation: GENERATION.nullable().describe("What was published."),
  }).describe("The repository is rebuilt. This is the last event unless it failed."),
  z.object({
    event: z.literal("failed"),
    kind: z.string().describe("What failed, for programs."),
    reason,
  }).describe("The rebuild failed, and nothing was published. This is the last event."),
]).describe("A step of a rebuild. Programs should ignore events that they do not know.");

export type RebuildEvent = z.infer<typeof REBUILD_EVENT>;

export const REBUILD_REPOSITORY = endpoint({
  method: "POST",
  path: "/api/v1/repositories/{repository}/rebuild",
  summary: "Republish a repository from its package files",
  isLong: true,
  pathParameters: { repository: z.string().describe("Name of the repository.") },
  body: z.strictObject({
    force: z.boolean().default(false).describe(
      "Whether to leave out missing and damaged packages.",
    ),
  }),
  answers: {
    200: lines(
      REBUILD_EVENT,
      "One JSON object a line, as the rebuild proceeds. The last one is done or failed. It stops " +
        "before it publishes anything when the client leaves.",
    ),
  },
  failures: { 404: "There is no such repository" },
});
