import { STATUS_CODE } from "@std/http/status";
import { PkgstashError, reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { CallError } from "./call.ts";
import type { Content } from "./page.ts";

const log = eventLogger("web");

/** An error as visitors see it. Details of internal errors go only to the log. */
export interface Failure {
  readonly status: number;
  readonly text: string;
}

/** Logs an error that a page or action threw, and describes it to the visitor. */
export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof CallError) {
    return { status: error.problem.status, text: error.problem.detail };
  }
  if (error instanceof PkgstashError) {
    log.warn("page failed", { path, reason: error.message });
    const isOfRequest = error.kind === "invalid_request";
    return {
      status: isOfRequest ? STATUS_CODE.BadRequest : STATUS_CODE.InternalServerError,
      text: error.message,
    };
  }
  log.error("page failed", { path, reason: reasonOf(error), stack: (error as Error)?.stack });
  return {
    status: STATUS_CODE.InternalServerError,
    text: "An internal error occurred. See the daemon's log.",
  };
}

/** The content shown in place of a page that failed. */
export function failureContent({ status, text }: Failure): Content {
  return {
    heading: status === STATUS_CODE.NotFound
      ? "Page not found"
      : status === STATUS_CODE.Forbidden
      ? "You do not have access to this page"
      : "This page cannot be shown",
    tone: "bad",
    commands: [],
    body: (
      <>
        <p>{text}</p>
        <p>
          <a href="/admin/">To the overview</a>
        </p>
      </>
    ),
  };
}
