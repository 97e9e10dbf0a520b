import { isSameToken, parseBearerToken } from "../formats/http/bearer_token.ts";
import { errorResponse } from "./error_response.ts";
import { PkgstashError } from "../errors.ts";
import { problemResponse } from "./api/problem_response.ts";
import { textResponse } from "./text_response.ts";

/** The value that the original's example carries, and everybody knows. */
const WELL_KNOWN_TOKEN = "changeme";

const OFF = "The administrative API is off:";

/**
 * Null if the request comes with the administrator's token, otherwise the answer it gets: in plain
 * text as the original's, or as a problem.
 */
export function refuseStranger(
  request: Request,
  token: string | null,
  inText: boolean,
): Response | null {
  if (token === null || token === WELL_KNOWN_TOKEN) {
    const reason = token === null
      ? `${OFF} no token is set. Set PKGSTASH_TOKEN in the file that env_file names, or in the ` +
        "environment."
      : `${OFF} the token is "${WELL_KNOWN_TOKEN}". Set PKGSTASH_TOKEN to a secret of your own.`;
    return inText ? textResponse(403, reason) : problemResponse("forbidden", reason);
  }
  const given = parseBearerToken(request.headers.get("authorization"));
  if (given !== null && isSameToken(given, token)) return null;
  return inText
    ? errorResponse(new PkgstashError("unauthorized", "wrong token"))
    : problemResponse("unauthorized", "The token is missing or wrong.");
}
