import { type Problem, PROBLEM_TYPE, type ProblemKind } from "../../api/problem.ts";
import { type ErrorKind, PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";

const log = eventLogger("server");

const PROBLEMS: Record<ProblemKind, { status: number; title: string }> = {
  unknown_route: { status: 404, title: "Not Found" },
  invalid_request: { status: 400, title: "Bad Request" },
  unauthorized: { status: 401, title: "Unauthorized" },
  forbidden: { status: 403, title: "Forbidden" },
  not_found: { status: 404, title: "Not Found" },
  conflict: { status: 409, title: "Conflict" },
  upstream: { status: 502, title: "Bad Gateway" },
  internal: { status: 500, title: "Internal Server Error" },
};

/** What each error is to the administrator. */
const KINDS: Record<ErrorKind, ProblemKind> = {
  invalid_config: "internal",
  invalid_request: "invalid_request",
  not_found: "not_found",
  upstream: "upstream",
  upstream_timeout: "upstream",
  content: "upstream",
  storage: "internal",
  conflict: "conflict",
  unauthorized: "unauthorized",
  forbidden: "forbidden",
};

/** An answer of the API that says why something was not done. */
export function problemResponse(kind: ProblemKind, detail: string): Response {
  return problem(kind, PROBLEMS[kind].status, PROBLEMS[kind].title, detail);
}

/** 405 with the methods that there are. */
export function methodProblem(allowed: readonly string[]): Response {
  const methods = allowed.join(", ");
  const response = problem(
    "unknown_route",
    405,
    "Method Not Allowed",
    `Only ${methods} can be used here.`,
  );
  response.headers.set("allow", methods);
  return response;
}

/** Turns anything thrown into a problem. The administrator may read the reasons. */
export function problemOf(error: unknown, path: string): Response {
  if (error instanceof PkgstashError) {
    const response = problemResponse(KINDS[error.kind], error.message);
    log.warn("request failed", { path, status: response.status, reason: error.message });
    return response;
  }
  log.error("request failed", { path, reason: reasonOf(error), stack: (error as Error)?.stack });
  return problemResponse("internal", "Something went wrong here; the log says what.");
}

function problem(kind: ProblemKind, status: number, title: string, detail: string): Response {
  const body: Problem = { type: "about:blank", title, status, detail, kind };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": PROBLEM_TYPE,
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
  });
}
