import { z } from "zod";
import { bytes, empty, endpoint } from "./endpoint.ts";
import { COUNT } from "./scalars.ts";

/**
 * What builders look at for the daemon, which never runs git: the repositories that packages follow.
 * A look is leased like a job, without a heartbeat: after some minutes, another builder gets it.
 */

const MAX_BODY_BYTES = 64 * 1024;
/** As long as a connection may be idle behind common proxies. */
const MAX_WAIT_MS = 50_000;
const MAX_REFERENCES = 100;

const look = z.string().regex(/^[0-9a-f]{32}$/, "must be the name of a look")
  .describe("The look's id.");

const COMMIT = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, "must be the id of a commit");

const REFERENCE = z.object({
  url: z.string().describe("The URL of a git repository."),
  reference: z.string().describe("HEAD or refs/heads/BRANCH."),
});

const ID = { id: z.string().describe("Names the look; it is secret.") };

const LOOK = z.discriminatedUnion("kind", [
  z.object({
    ...ID,
    kind: z.literal("references").describe("Which commits the references are."),
    references: z.array(REFERENCE).min(1).max(MAX_REFERENCES).describe("What to look at."),
  }),
  z.object({
    ...ID,
    kind: z.literal("tree").describe("The files of a repository."),
    from: REFERENCE.describe("What to fetch."),
    known: z.string().nullable().describe("The commit that is not sent again; null for none."),
  }),
  z.object({
    ...ID,
    kind: z.literal("pins").describe("On which branch or tag of their repositories pins are."),
    pins: z.array(z.object({
      url: z.string().describe("The URL of a git repository."),
      kind: z.enum(["tag", "commit"]),
      value: z.string().describe("The name of a tag, or the id of a commit."),
    })).min(1).max(MAX_REFERENCES),
  }),
]).describe("A look, leased to the builder that asked.");

export type LookReport = z.infer<typeof LOOK>;

export const LEASE_LOOK = endpoint({
  method: "POST",
  path: "/api/v1/builder/looks",
  summary: "Lease a look",
  right: "builder",
  isChange: false,
  isLong: true,
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.strictObject({
    wait_ms: COUNT.max(MAX_WAIT_MS).default(0).describe("How long to wait for a look."),
  }),
  answers: { 200: LOOK, 204: empty("No look was due in this time.") },
});

export const REPORT_LOOK = endpoint({
  method: "POST",
  path: "/api/v1/builder/looks/{look}",
  summary: "Report a look",
  right: "builder",
  isChange: false,
  isLong: true,
  pathParameters: { look },
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.discriminatedUnion("outcome", [
    z.strictObject({
      outcome: z.literal("references"),
      commits: z.array(COMMIT.nullable()).min(1).max(MAX_REFERENCES).describe(
        "The commits in the order of the references; null for a missing one.",
      ),
    }),
    z.strictObject({
      outcome: z.literal("pins"),
      places: z.array(z.string().max(300).nullable()).min(1).max(MAX_REFERENCES).describe(
        "A branch or tag that contains each pin, in the order of the pins; null for none.",
      ),
    }),
    z.strictObject({
      outcome: z.literal("unchanged").describe("The reference is the known commit."),
    }),
    z.strictObject({
      outcome: z.literal("failed"),
      reason: z.string().max(2000).describe("Why, in a sentence."),
    }),
  ]).describe("What was seen."),
  answers: { 204: empty("The report was accepted.") },
  failures: { 404: "This builder has no such look" },
});

/** More is refused in any case. */
export const MAX_LOOK_TREE_BYTES = 16 * 1024 ** 2;

export const SEND_LOOK_TREE = endpoint({
  method: "PUT",
  path: "/api/v1/builder/looks/{look}/tree",
  summary: "Send the files of a look",
  right: "builder",
  isChange: false,
  isLong: true,
  pathParameters: { look },
  query: { commit: COMMIT.describe("The commit that they are of.") },
  body: bytes("A tar whose files all lie in one folder."),
  answers: { 204: empty("They were accepted, or refused permanently.") },
  failures: { 404: "This builder has no such look" },
});
