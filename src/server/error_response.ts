import { type ErrorKind, PkgstashError } from "../errors.ts";
import { textResponse } from "./text_response.ts";

/** What a client is told; the details go to the log. */
const ANSWERS: Record<ErrorKind, { status: number; phrase: string }> = {
  invalid_config: { status: 500, phrase: "The configuration is not valid." },
  invalid_request: { status: 400, phrase: "The request is not valid." },
  not_found: { status: 404, phrase: "There is no such file." },
  upstream: { status: 502, phrase: "No mirror could deliver this file." },
  upstream_timeout: { status: 504, phrase: "No mirror answered in time." },
  content: { status: 502, phrase: "What the mirrors sent is not this file." },
  storage: { status: 500, phrase: "The cache could not be read or written." },
  conflict: { status: 409, phrase: "This is being done already." },
  unauthorized: { status: 401, phrase: "The token is missing or wrong." },
  forbidden: { status: 403, phrase: "This is not allowed." },
};

/** Turns anything thrown into an answer in plain text. */
export function errorResponse(error: unknown): Response {
  if (!(error instanceof PkgstashError)) return textResponse(500, "Something went wrong here.");
  const { status, phrase } = ANSWERS[error.kind];
  const response = textResponse(status, phrase);
  if (status === 401) response.headers.set("www-authenticate", "Bearer");
  return response;
}
