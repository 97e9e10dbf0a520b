import { STATUS_CODE, STATUS_TEXT } from "@std/http/status";
import type { Endpoint } from "../../api/endpoint.ts";
import { type Problem, PROBLEM_TYPE, type ProblemKind } from "../../api/problem.ts";
import { type ErrorKind, PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { INTERNAL_ERROR, methodText, sizedResponse, textResponse } from "../responses.ts";

const log = eventLogger("server");

const STATUSES: Record<ProblemKind, number> = {
  unknown_route: STATUS_CODE.NotFound,
  invalid_request: STATUS_CODE.BadRequest,
  unauthorized: STATUS_CODE.Unauthorized,
  forbidden: STATUS_CODE.Forbidden,
  not_found: STATUS_CODE.NotFound,
  conflict: STATUS_CODE.Conflict,
  upstream: STATUS_CODE.BadGateway,
  // RFC 4918, section 11.5.
  storage: STATUS_CODE.InsufficientStorage,
  internal: STATUS_CODE.InternalServerError,
};

/** How each error appears to the administrator. */
const KINDS: Record<ErrorKind, ProblemKind> = {
  invalid_config: "internal",
  invalid_request: "invalid_request",
  not_found: "not_found",
  upstream: "upstream",
  upstream_timeout: "upstream",
  content: "upstream",
  storage: "storage",
  conflict: "conflict",
  unauthorized: "unauthorized",
  forbidden: "forbidden",
};

/** The format of failures: problem details (RFC 9457), or the Go version's text. */
export type FailureForm = "problem" | "text";

/** Why a request failed. */
export interface Failure {
  readonly kind: ProblemKind;
  readonly detail: string;
  /** The default is that of the kind. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An API response that says why the request failed. */
export function failureResponse(form: FailureForm, failure: Failure): Response {
  const { kind, detail, status = STATUSES[kind] } = failure;
  const headers = {
    ...(status === STATUS_CODE.Unauthorized ? { "www-authenticate": "Bearer" } : {}),
    ...failure.headers,
  };
  if (form === "text") return textResponse(status, detail, headers);
  const problem: Problem = {
    type: "about:blank",
    title: STATUS_TEXT[status] ?? "",
    status,
    detail,
    kind,
  };
  return sizedResponse(JSON.stringify(problem), {
    status,
    headers: { "content-type": PROBLEM_TYPE, ...headers },
  });
}

/** 405 with the allowed methods. */
export function wrongMethod(allowed: readonly string[]): Failure {
  const methods = allowed.join(", ");
  return {
    kind: "unknown_route",
    status: STATUS_CODE.MethodNotAllowed,
    detail: methodText(methods),
    headers: { allow: methods },
  };
}

/** Logs anything that an endpoint throws. The administrator may see the reason. */
export function failureOf(error: unknown, { path }: Endpoint): Failure {
  if (error instanceof PkgstashError) {
    const kind = KINDS[error.kind];
    log.warn("request failed", { path, status: STATUSES[kind], reason: error.message });
    return { kind, detail: error.message };
  }
  log.error("request failed", { path, reason: reasonOf(error), stack: (error as Error)?.stack });
  return { kind: "internal", detail: INTERNAL_ERROR };
}
