import { isSameToken, parseBearerToken } from "../../formats/http/bearer_token.ts";
import type { Context } from "../context.ts";
import { refuseForeignPage } from "./browser_guard.ts";
import { type Failure, failureOf, failureResponse, wrongMethod } from "./failure.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";

/** The token in the example of the Go version, which everybody knows. */
const WELL_KNOWN_TOKEN = "changeme";

/** Answers a request to the API. */
export async function respondToApi(
  request: Request,
  segments: readonly string[],
  context: Context,
): Promise<Response> {
  const form = segments[1] === "v1" ? "problem" : "text";
  const foreign = refuseForeignPage(request, context.access);
  if (foreign !== null) return failureResponse(form, foreign);
  const matches = ROUTES.flatMap((route) => {
    const path = match(route, segments);
    return path === null ? [] : [{ route, path }];
  });
  const method = request.method === "HEAD" ? "GET" : request.method;
  const chosen = matches.find(({ route }) => route.endpoint.method === method);
  const refusal = chosen?.route.endpoint.isOpen
    ? null
    : refuseStranger(request, context.config.token);
  if (refusal !== null) return failureResponse(form, refusal);
  if (chosen !== undefined) {
    return await respond(chosen.route, { path: chosen.path, request, context });
  }
  if (matches.length === 0) return failureResponse(form, UNKNOWN_PATH);
  const methods = matches.map(({ route }) => route.endpoint.method)
    .flatMap((each) => each === "GET" ? ["GET", "HEAD"] : [each]);
  return failureResponse(form, wrongMethod(methods));
}

const UNKNOWN_PATH: Failure = {
  kind: "unknown_route",
  detail: "Cannot answer: the API has no such path. See /api/v1/openapi.json for all of them.",
};

/** Why a request without the administrator's token is refused; null if it has the token. */
function refuseStranger(request: Request, token: string | null): Failure | null {
  const off = "Cannot use the administrative API:";
  if (token === null) {
    return {
      kind: "forbidden",
      detail: `${off} no token is set. Set PKGSTASH_TOKEN in the file that env_file names, or in ` +
        "the environment.",
    };
  }
  if (token === WELL_KNOWN_TOKEN) {
    return {
      kind: "forbidden",
      detail: `${off} the token is "${token}". Set PKGSTASH_TOKEN to a secret of your own.`,
    };
  }
  const given = parseBearerToken(request.headers.get("authorization"));
  if (given !== null && isSameToken(given, token)) return null;
  return {
    kind: "unauthorized",
    detail: "Cannot use the API: the token is missing or wrong. Send Authorization: Bearer TOKEN.",
  };
}

async function respond(
  { endpoint, readInput, respond }: Route,
  { path, request, context }: {
    path: Readonly<Record<string, string>>;
    request: Request;
    context: Context;
  },
): Promise<Response> {
  let response: Response;
  try {
    const input = await readInput(path, request);
    response = await respond({ ...input, ...context, request });
  } catch (error) {
    const form = endpoint.failsInText ? "text" : "problem";
    response = failureResponse(form, failureOf(error, endpoint));
  }
  response.headers.set("cache-control", "no-store");
  return response;
}

/** The path's parameters if the path is the route's, otherwise null. */
function match({ template }: Route, segments: readonly string[]): Record<string, string> | null {
  const surplus = segments.length - template.length;
  const values: Record<string, string> = {};
  let at = 0;
  for (const part of template) {
    if ("text" in part) {
      if (segments[at++] !== part.text) return null;
      continue;
    }
    const taken = segments.slice(at, at += part.hasSlashes ? Math.max(0, surplus) + 1 : 1);
    if (taken.length === 0 || taken.includes("")) return null;
    values[part.name] = taken.join("/");
  }
  return at === segments.length ? values : null;
}
