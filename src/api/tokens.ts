import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

/** Too short for a whole token, which must not get into a path and so into a log. */
const NAME = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9@._-]{0,39}$/,
  "must be a name of at most 40 letters, digits, @, dots, underscores and hyphens",
);

const REPOSITORY = z.string().regex(/^[A-Za-z0-9@._+-]{1,64}$/, "must be the name of a repository");

const PURPOSE = z.enum(["administrator", "upload", "builder", "viewer", "approver"]).describe(
  "What the token is for: everything, uploads to its repositories, building, looking only, or " +
    "looking and approving builds.",
);

/** A hundred years. */
const MAX_VALIDITY_MS = 3_155_760_000_000;

const TOKEN = z.object({
  id: z.string().describe("The part of the token that is no secret: pkgstash_ID_..."),
  name: z.string().describe("What it was named when it was created; the audit log has it."),
  purpose: PURPOSE,
  repositories: z.array(z.string()).describe("The repositories that it is limited to."),
  created_at: TIMESTAMP.describe("When it was created."),
  expires_at: TIMESTAMP.nullable().describe("From when on it is refused; null for never."),
  last_used_at: TIMESTAMP.nullable().describe("When it was last used; null if it never was."),
}).describe("A token, without its secret.");

const TOKEN_LIST = z.object({
  tokens: z.array(TOKEN).describe("All tokens but the one of the configuration, the oldest first."),
}).describe("The tokens.");

const NEW_TOKEN = TOKEN.extend({
  token: z.string().describe("The token itself. It cannot be shown again."),
}).describe("The token was created.");

export type TokenReport = z.infer<typeof TOKEN>;

export const LIST_TOKENS = endpoint({
  method: "GET",
  path: "/api/v1/tokens",
  summary: "List the tokens",
  answers: { 200: TOKEN_LIST },
});

export const CREATE_TOKEN = endpoint({
  method: "POST",
  path: "/api/v1/tokens",
  summary: "Create a token",
  maxBodyBytes: 16 * 1024,
  body: z.strictObject({
    name: NAME.describe("Who or what will use it, such as a machine's name."),
    purpose: PURPOSE,
    repositories: z.array(REPOSITORY).default([]).describe(
      "The repositories that an upload token is limited to.",
    ),
    expires_after_ms: COUNT.min(1).max(MAX_VALIDITY_MS).nullable().default(null).describe(
      "How long it is good for; null for ever.",
    ),
  }).refine(
    ({ purpose, repositories }) => (purpose === "upload") === (repositories.length > 0),
    "must name repositories for an upload token, and none for others",
  ),
  answers: { 201: NEW_TOKEN },
  failures: { 409: "There is a token of this name" },
});

export const REVOKE_TOKEN = endpoint({
  method: "DELETE",
  path: "/api/v1/tokens/{name}",
  summary: "Revoke a token",
  pathParameters: { name: NAME.describe("Name or id of the token.") },
  answers: { 204: empty("The token is no longer valid.") },
  failures: { 404: "There is no such token" },
});
