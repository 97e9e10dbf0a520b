import { STATUS_CODE } from "@std/http/status";
import { type ErrorKind, isOutOfFiles, PkgstashError } from "../errors.ts";

/** What a client learns about an error; the reason goes to the log. */
const FAILURES: Record<ErrorKind, { status: number; text: string }> = {
  invalid_config: {
    status: STATUS_CODE.InternalServerError,
    text: "Cannot serve this file: the configuration is invalid.",
  },
  invalid_request: {
    status: STATUS_CODE.BadRequest,
    text: "Cannot serve this file: the request is invalid.",
  },
  not_found: { status: STATUS_CODE.NotFound, text: "No such file." },
  upstream: {
    status: STATUS_CODE.BadGateway,
    text: "Cannot serve this file: no mirror could provide it.",
  },
  upstream_timeout: {
    status: STATUS_CODE.GatewayTimeout,
    text: "Cannot serve this file: no mirror responded in time.",
  },
  content: {
    status: STATUS_CODE.BadGateway,
    text: "Cannot serve this file: the mirrors sent a different one.",
  },
  storage: {
    status: STATUS_CODE.InternalServerError,
    text: "Cannot serve this file: the cache cannot be read or written.",
  },
  conflict: {
    status: STATUS_CODE.Conflict,
    text: "Cannot serve this file: it is in use by another operation.",
  },
  unauthorized: {
    status: STATUS_CODE.Unauthorized,
    text: "Cannot serve this file: the token is missing or wrong.",
  },
  forbidden: {
    status: STATUS_CODE.Forbidden,
    text: "Cannot serve this file: access denied.",
  },
};

const RETRY_AFTER_SECONDS = "5";

/** A short plain-text response. */
export function textResponse(
  status: number,
  text: string,
  headers: Record<string, string> = {},
): Response {
  return sizedResponse(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}

/** A text response with its length, which appears in the log. */
export function sizedResponse(
  text: string,
  { status = STATUS_CODE.OK, headers }: { status?: number; headers: Record<string, string> },
): Response {
  const body = new TextEncoder().encode(text);
  return new Response(body, {
    status,
    headers: { "content-length": `${body.length}`, ...headers },
  });
}

/** 404 for a file or directory that does not exist. */
export function noSuchFile(): Response {
  const { status, text } = FAILURES.not_found;
  return textResponse(status, text);
}

/** 405 with the allowed methods. */
export function methodNotAllowed(...allowed: string[]): Response {
  const methods = allowed.join(", ");
  return textResponse(STATUS_CODE.MethodNotAllowed, methodText(methods), { allow: methods });
}

/** Why a method is not allowed, given those that are. */
export function methodText(methods: string): string {
  return `Method not allowed. Use ${methods}.`;
}

/** The response when one client, or all together, have too many requests in flight. */
export function tooMuch(refusal: "client" | "all"): Response {
  const [status, text] = refusal === "client"
    ? [STATUS_CODE.TooManyRequests, "Too many concurrent requests from your address."]
    : [STATUS_CODE.ServiceUnavailable, "Too many concurrent requests."];
  return textResponse(status, text, { "retry-after": RETRY_AFTER_SECONDS, "connection": "close" });
}

/** Turns anything thrown while serving a file into a plain-text response. */
export function errorResponse(error: unknown): Response {
  if (isOutOfFiles(error)) {
    return textResponse(
      STATUS_CODE.ServiceUnavailable,
      "Cannot serve this file: too many files are open.",
      { "retry-after": RETRY_AFTER_SECONDS },
    );
  }
  if (error instanceof PkgstashError) {
    const { status, text } = FAILURES[error.kind];
    return textResponse(status, text);
  }
  return textResponse(STATUS_CODE.InternalServerError, INTERNAL_ERROR);
}

/** For errors that must not happen. */
export const INTERNAL_ERROR = "Internal error. See the daemon's log.";
