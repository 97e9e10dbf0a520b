import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";
import { TIMESTAMP } from "./scalars.ts";

const ID = z.string().regex(/^[0-9a-f]{12}$/, "must be the 12 hexadecimal digits of a session");

const SESSION = z.object({
  id: ID.describe("Names the session, and is no secret."),
  who: z.string().describe("administrator, or the name of the token."),
  role: z.enum(["administrator", "approver", "viewer"]).describe("What it may do."),
  started_at: TIMESTAMP.describe("When somebody signed in."),
  last_seen_at: TIMESTAMP.describe("The latest request."),
  expires_at: TIMESTAMP.describe("When it ends by itself."),
  address: z.string().describe("Where the latest request came from."),
  agent: z.string().nullable().describe("What the browser calls itself; null if it does not."),
}).describe("Somebody who is signed in to the web admin, in one browser.");

const SESSION_LIST = z.object({
  sessions: z.array(SESSION).describe("Those seen since the daemon started, the latest first."),
}).describe("Who is signed in to the web admin.");

export type SessionReport = z.infer<typeof SESSION>;

export const LIST_SESSIONS = endpoint({
  method: "GET",
  path: "/api/v1/sessions",
  summary: "List who is signed in to the web admin",
  answers: { 200: SESSION_LIST },
});

export const END_SESSION = endpoint({
  method: "DELETE",
  path: "/api/v1/sessions/{session}",
  summary: "End a web admin session",
  pathParameters: { session: ID.describe("The session's id.") },
  answers: { 204: empty("Its cookie is no longer valid.") },
  failures: { 404: "There is no such session" },
});

export const END_ALL_SESSIONS = endpoint({
  method: "DELETE",
  path: "/api/v1/sessions",
  summary: "End all sessions of the web admin",
  answers: { 204: empty("Everyone must sign in again.") },
});
