import { PkgstashError } from "../../errors.ts";
import { refuseStranger } from "../administrator.ts";
import type { ApiRoute } from "./api_route.ts";
import { API_ROUTES } from "./api_routes.ts";
import { errorResponse } from "../error_response.ts";
import { methodProblem, problemOf, problemResponse } from "./problem_response.ts";
import { rawPath } from "../request_path.ts";
import type { Services } from "../services.ts";
import { methodNotAllowed, textResponse } from "../text_response.ts";

/**
 * The decoded segments of a path below `/api/`, or null for other paths. Unlike the paths of files
 * they may have anything in them: they name nothing on disk.
 */
export function apiSegments(url: string): readonly string[] | null {
  const raw = rawPath(url);
  if (!raw.startsWith("/api/")) return null;
  return raw.slice(1).split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      // No route has an empty segment.
      return "";
    }
  });
}

/** Answers a request to the API from the table of routes. */
export async function dispatch(
  request: Request,
  segments: readonly string[],
  services: Services,
): Promise<Response> {
  const found = API_ROUTES.flatMap((route) => {
    const path = match(route, segments);
    return path === null ? [] : [{ route, path }];
  });
  const method = request.method === "HEAD" ? "GET" : request.method;
  const chosen = found.find(({ route }) => route.method === method);
  const inText = segments[1] !== "v1";
  const response = chosen?.route.isOpen ? null : refuseStranger(request, services.token, inText);
  if (response !== null) return response;
  if (found.length === 0) {
    const text = "There is no such command.";
    return inText ? textResponse(404, text) : problemResponse("unknown_route", text);
  }
  if (chosen === undefined) {
    const methods = found.map(({ route }) => route.method)
      .flatMap((each) => each === "GET" ? ["GET", "HEAD"] : [each]);
    return inText ? methodNotAllowed(...methods) : methodProblem(methods);
  }
  return await answer(chosen.route, chosen.path, request, services);
}

async function answer(
  route: ApiRoute,
  path: Readonly<Record<string, string>>,
  request: Request,
  services: Services,
): Promise<Response> {
  const { searchParams: query } = new URL(request.url);
  let response: Response;
  try {
    refuseUnknown(route, query);
    response = await route.handle({ request, path, query, services, routes: API_ROUTES });
  } catch (error) {
    response = route.failsInText ? errorResponse(error) : problemOf(error, route.path);
  }
  response.headers.set("cache-control", "no-store");
  return response;
}

/** A parameter that was misspelled must not be taken for none, least of all `dry_run`. */
function refuseUnknown({ parameters = [] }: ApiRoute, query: URLSearchParams): void {
  const known = parameters.filter((each) => each.in === "query").map(({ name }) => name);
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new PkgstashError(
    "invalid_request",
    `There is no parameter ${JSON.stringify(unknown)} here` +
      (known.length === 0 ? "." : `, only ${known.join(", ")}.`),
  );
}

/** The path's parameters if it is the route's, otherwise null. */
function match(route: ApiRoute, segments: readonly string[]): Record<string, string> | null {
  const template = route.path.slice(1).split("/");
  const surplus = segments.length - template.length;
  const values: Record<string, string> = {};
  let at = 0;
  for (const part of template) {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (segments[at++] !== part) return null;
      continue;
    }
    const { hasSlashes = false } = route.parameters!.find((each) => each.name === name)!;
    const taken = segments.slice(at, at += hasSlashes ? Math.max(0, surplus) + 1 : 1);
    if (taken.length === 0 || taken.includes("")) return null;
    values[name] = taken.join("/");
  }
  return at === segments.length ? values : null;
}
