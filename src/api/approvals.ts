import { z } from "zod";
import { ATTRIBUTION } from "./attribution.ts";
import { BUILD } from "./builds.ts";
import { SETTINGS_CHANGES } from "./build_settings.ts";
import { MAINTAINERS, REASON } from "./aur.ts";
import { endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const ID = z.string().regex(/^[0-9a-f]{16}$/, "must be the 16 hexadecimal digits of an approval")
  .describe(
    "Identifies exactly these trees, settings and maintainers; any change gives another id.",
  );

const CHANGE = z.object({
  base: z.string(),
  accepted: z.string().nullable().describe("The latest accepted version; null for a first build."),
  version: z.string().describe("The version to accept."),
  tree: z.string().describe("The hash of its files."),
  settings: ATTRIBUTION.extend({ changes: SETTINGS_CHANGES }).nullable().describe(
    "Settings to approve with it, and who proposed them; null if they stay the same.",
  ),
});

const APPROVAL = z.object({
  id: ID,
  kind: z.enum(["first", "change", "settings"]).describe(
    "settings: only the settings change; the accepted files stay.",
  ),
  packages: z.array(CHANGE).describe("In build order."),
  reasons: z.array(z.string()).describe("Why it does not pass automatically."),
  is_asked: z.boolean().describe("Whether a person must decide; if not, a cool-down must end."),
  passes_at: TIMESTAMP.nullable().describe("When it passes automatically; null if unknown."),
  pushed_at: TIMESTAMP.describe("The latest push."),
}).describe("Trees that one decision covers.");

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
  mode: z.string().describe("As in git: 100644, 100755, 120000 or 160000."),
  size: COUNT,
  sha256: z.string().nullable().describe("Null if the content is unknown."),
  text: z.string().nullable().describe(
    "The unaltered text; null if the file is not text, or is larger than 1 MiB.",
  ),
});

const FILE_PAIR = z.object({
  path: z.string(),
  before: FILE.nullable().describe("The accepted file; null for a new one."),
  after: FILE.nullable().describe("The proposed file; null for a removed one."),
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
  })).describe("All files, compared with the accepted ones line by line."),
  compared_with: z.string().nullable().describe(
    "The hash of the tree that they are compared with.",
  ),
  description: z.string().nullable(),
  repository: z.string().nullable().describe(
    "The git repository of the files, whose committers are unknown. Null for the " +
      "AUR and for a folder.",
  ),
  sources: z.array(z.string()).describe("Its sources, as listed in .SRCINFO."),
  dependencies: z.array(z.string()),
  maintainers: MAINTAINERS,
  maintainer_history: z.array(MAINTAINERS.extend({ at: TIMESTAMP })),
  votes: COUNT.nullable(),
  popularity: z.number().nullable(),
  first_submitted: TIMESTAMP.nullable(),
  pushed_at: TIMESTAMP,
  news: z.array(z.object({ at: TIMESTAMP, text: z.string() })).describe("Newest first."),
});

const APPROVAL_DETAIL = APPROVAL.extend({ packages: z.array(INSPECTED) })
  .describe("Everything needed for a decision.");

const APPROVAL_LIST = z.object({
  approvals: z.array(APPROVAL).describe("Package sources and settings, oldest push first."),
  builds: z.array(BUILD).describe(
    "Held builds, and each package's latest build if it failed; oldest first.",
  ),
}).describe("Everything that awaits a decision or the end of a cool-down.");

export type ApprovalList = z.infer<typeof APPROVAL_LIST>;
export type ApprovalReport = z.infer<typeof APPROVAL>;
export type ApprovalDetail = z.infer<typeof APPROVAL_DETAIL>;
export type FactReport = z.infer<typeof FACT>;
export type FilePairReport = z.infer<typeof FILE_PAIR>;
export type FileReport = z.infer<typeof FILE>;
export type InspectedReport = z.infer<typeof INSPECTED>;

const pathParameters = { id: ID };
const failures = { 404: "No approval has this id, or it has changed since" };

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
        "Comma-separated hashes of earlier proposed trees: compare with those instead of " +
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
      .describe("All files, including removed ones."),
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
    reason: REASON.optional().describe("Required during a cool-down."),
  }),
  answers: { 200: APPROVAL },
  failures: { ...failures, 409: "Its cool-down has not ended, and no reason was given" },
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
    hold: z.boolean().default(false).describe(
      "Also hold the packages, so that nothing of them is built.",
    ),
  }),
  answers: { 200: APPROVAL },
  failures,
});
