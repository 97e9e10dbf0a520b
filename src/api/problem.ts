import { choice, count, object, text, type TypeOf } from "./schema.ts";

/** What kinds of problem the API tells apart, beyond their statuses. */
export const PROBLEM_KINDS = [
  /** The path or the method is not one of the API. */
  "unknown_route",
  "invalid_request",
  "unauthorized",
  /** The API is off, as there is no token to use it with. */
  "forbidden",
  "not_found",
  /** It cannot be done while something else is going on. */
  "conflict",
  /** The mirrors did not do their part. */
  "upstream",
  "internal",
] as const;

export type ProblemKind = typeof PROBLEM_KINDS[number];

/** Why a request was not done: a problem detail (RFC 9457) with a member for programs, `kind`. */
export const PROBLEM = object({
  type: text("always about:blank: the status says what it is"),
  title: text("the status in words"),
  status: count("the HTTP status"),
  detail: text("what went wrong and what to do, for people"),
  kind: choice(PROBLEM_KINDS, "what went wrong, for programs"),
}, "Why the request was not done (RFC 9457).");

export type Problem = TypeOf<typeof PROBLEM>;

/** Content-Type of problem details. */
export const PROBLEM_TYPE = "application/problem+json";
