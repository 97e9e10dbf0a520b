import { z } from "zod";

/** The kinds of problem that programs can tell apart. */
const PROBLEM_KINDS = [
  /** The API has no such path, or not with this method. */
  "unknown_route",
  "invalid_request",
  "unauthorized",
  /** The API is off, because no token is set; or the token is not for this. */
  "forbidden",
  "not_found",
  /** It cannot be done while something else is in progress. */
  "conflict",
  /** The mirrors failed. */
  "upstream",
  /** The disk failed, is full or may not be written. */
  "storage",
  "internal",
] as const;

export type ProblemKind = typeof PROBLEM_KINDS[number];

/** Problem details (RFC 9457) with an extension member for programs, `kind`. */
export const PROBLEM = z.object({
  type: z.string().describe("Always about:blank: the status says what kind of problem it is."),
  title: z.string().describe("The name of the HTTP status."),
  status: z.int().min(100).max(599).describe("The HTTP status."),
  detail: z.string().describe("What failed, why, and what to do about it."),
  kind: z.enum(PROBLEM_KINDS).describe("What failed, for programs."),
}).describe("Why the request failed (RFC 9457).");

export type Problem = z.infer<typeof PROBLEM>;

/** Content-Type of problem details. */
export const PROBLEM_TYPE = "application/problem+json";
