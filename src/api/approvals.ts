import { z } from "zod";
import { ATTRIBUTION } from "./attribution.ts";
import { BUILD } from "./builds.ts";
import { SETTINGS_CHANGES } from "./build_settings.ts";
import { MAINTAINERS, REASON } from "./aur.ts";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const ID = z.string().regex(/^[0-9a-f]{16}$/, "must be the 16 hexadecimal digits of an approval")
  .describe("Names exactly these trees, settings and maintainers. Anything else has another id.");

const CHANGE = z.object({
  base: z.string(),
  accepted: z.string().nullable().describe("The version accepted last; null for a first build."),
  version: z.string().describe("The version to accept."),
  tree: z.string().describe("The hash of its files."),
  settings: ATTRIBUTION.extend({ changes: SETTINGS_CHANGES }).nullable().describe(
    "Other settings that are approved with it, and who proposed them; null if they stay.",
  ),
});

const APPROVAL = z.object({
  id: ID,
  kind: z.enum(["first", "change", "settings"]).describe(
    "settings: nothing but the settings changes, and the accepted files stay.",
  ),
  packages: z.array(CHANGE).describe("In build order."),
  reasons: z.array(z.string()).describe("Why it does not pass by itself."),
  is_asked: z.boolean().describe("Whether a person must decide, as opposed to a cool-down."),
  passes_at: TIMESTAMP.nullable().describe("When it passes by itself; null if it is not known."),
  pushed_at: TIMESTAMP.describe("The latest push."),
}).describe("Trees that wait for one decision.");

const FACT = z.object({
  kind: z.string(),
  class: z.enum(["value", "pin", "harmless", "review"]),
  file: z.string(),
  line: COUNT.nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string(),
});

const FILE = z.object({
  mode: z.string().describe("As git has it: 100644, 100755, 120000 or 160000."),
  size: COUNT,
  sha256: z.string().nullable().describe("Null if the content is not known."),
  text: z.string().nullable().describe(
    "With all its characters; null if it is not a text, or longer than 1 MiB.",
  ),
});

const FILE_PAIR = z.object({
  path: z.string(),
  before: FILE.nullable().describe("In the accepted files; null if it is not there."),
  after: FILE.nullable().describe("In the files that wait; null if it is gone."),
  is_changed: z.boolean(),
});

const INSPECTED = CHANGE.extend({
  verdict: z.enum(["bump", "pin", "harmless", "review"]).nullable().describe(
    "Null for a first build.",
  ),
  facts: z.array(FACT).describe("What changed; for a first build, what is worth a look."),
  diff: z.array(z.object({
    kind: z.enum(["file", "note", "hunk", "removed", "added", "context"]),
    text: z.string(),
  })).describe("All files against the accepted ones, line by line."),
  compared_with: z.string().nullable().describe(
    "The hash of the files that they are compared with.",
  ),
  description: z.string().nullable(),
  repository: z.string().nullable().describe(
    "The git repository that the files come from: who may push there is not known. Null for the " +
      "AUR and for a folder.",
  ),
  sources: z.array(z.string()).describe("Where its sources come from, as .SRCINFO has them."),
  dependencies: z.array(z.string()),
  maintainers: MAINTAINERS,
  maintainer_history: z.array(MAINTAINERS.extend({ at: TIMESTAMP })),
  votes: COUNT.nullable(),
  popularity: z.number().nullable(),
  first_submitted: TIMESTAMP.nullable(),
  pushed_at: TIMESTAMP,
  news: z.array(z.object({ at: TIMESTAMP, text: z.string() })).describe("The latest first."),
});

const APPROVAL_DETAIL = APPROVAL.extend({ packages: z.array(INSPECTED) })
  .describe("Everything that a person needs to decide.");

const APPROVAL_LIST = z.object({
  approvals: z.array(APPROVAL).describe("Package sources and settings, the oldest push first."),
  builds: z.array(BUILD).describe(
    "Builds that are held, and the latest ones of a package that failed; the oldest first.",
  ),
}).describe("What waits for a person or a cool-down.");

export type ApprovalList = z.infer<typeof APPROVAL_LIST>;
export type ApprovalReport = z.infer<typeof APPROVAL>;
export type ApprovalDetail = z.infer<typeof APPROVAL_DETAIL>;
export type FactReport = z.infer<typeof FACT>;
export type FilePairReport = z.infer<typeof FILE_PAIR>;
export type FileReport = z.infer<typeof FILE>;
export type InspectedReport = z.infer<typeof INSPECTED>;

const pathParameters = { id: ID };
const failures = { 404: "Nothing of this id waits, or it has changed since" };

export const LIST_APPROVALS = endpoint({
  method: "GET",
  path: "/api/v1/approvals",
  summary: "List what waits for approval",
  answers: { 200: APPROVAL_LIST },
});

export const SHOW_APPROVAL = endpoint({
  method: "GET",
  path: "/api/v1/approvals/{id}",
  summary: "Show what waits for approval",
  pathParameters,
  query: {
    since: z.string().regex(/^[0-9a-f]{64}(,[0-9a-f]{64})*$/, "must be hashes of trees").optional()
      .describe(
        "Hashes of trees that waited before, with commas between: compare with those instead of " +
          "the accepted ones.",
      ),
  },
  answers: { 200: APPROVAL_DETAIL },
  failures,
});

export const LIST_APPROVAL_FILES = endpoint({
  method: "GET",
  path: "/api/v1/approvals/{id}/files",
  summary: "Show the files that wait for approval",
  pathParameters,
  answers: {
    200: z.object({ packages: z.array(z.object({ base: z.string(), files: z.array(FILE_PAIR) })) })
      .describe("All files, and those that are gone."),
  },
  failures,
});

export const APPROVE = endpoint({
  method: "POST",
  path: "/api/v1/approvals/{id}/approve",
  summary: "Approve builds",
  right: "approve",
  maxBodyBytes: 4096,
  pathParameters,
  body: z.strictObject({
    reason: REASON.optional().describe("Needed where a cool-down is not over."),
  }),
  answers: { 200: APPROVAL },
  failures: { ...failures, 409: "Its cool-down is not over, and no reason is given" },
});

export const REJECT = endpoint({
  method: "POST",
  path: "/api/v1/approvals/{id}/reject",
  summary: "Reject builds",
  right: "approve",
  maxBodyBytes: 4096,
  pathParameters,
  body: z.strictObject({
    reason: REASON,
    hold: z.boolean().default(false).describe("Build nothing of the packages from now on."),
  }),
  answers: { 200: APPROVAL },
  failures,
});
