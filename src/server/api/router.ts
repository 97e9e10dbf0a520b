import { ANYONE, type Principal } from "../../administration/principal.ts";
import type { Endpoint } from "../../api/endpoint.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { Client } from "../../repositories/leases.ts";
import type { Context } from "../context.ts";
import { authorize, refusalFor, strangerRefusal } from "./authorization.ts";
import { refuseForeignPage } from "./browser_guard.ts";
import { type Failure, failureOf, failureResponse, wrongMethod } from "./failure.ts";
import type { Route } from "./route.ts";
import { ROUTES } from "./routes.ts";

/** What calls are answered from, who sent this one, and the origin that it was sent to. */
export type CallContext = Context & { readonly client: Client; readonly origin: string };

/** Answers an API request. */
export async function respondToApi(
  request: Request,
  segments: readonly string[],
  context: CallContext,
): Promise<Response> {
  const form = segments[1] === "v1" ? "problem" : "text";
  const foreign = refuseForeignPage(request, context);
  if (foreign !== null) return failureResponse(form, foreign);
  const matches = ROUTES.flatMap((route) => {
    const path = match(route, segments);
    return path === null ? [] : [{ route, path }];
  });
  const method = request.method === "HEAD" ? "GET" : request.method;
  const chosen = matches.find(({ route }) => route.endpoint.method === method);
  const caller = await authorize(request, {
    endpoint: chosen?.route.endpoint,
    path: chosen?.path ?? {},
    context,
  });
  if ("refusal" in caller) return failureResponse(form, caller.refusal);
  if (chosen !== undefined) {
    return await respond(chosen.route, { path: chosen.path, request, context, ...caller });
  }
  if (matches.length === 0) return failureResponse(form, UNKNOWN_PATH);
  const methods = matches.map(({ route }) => route.endpoint.method)
    .flatMap((each) => each === "GET" ? ["GET", "HEAD"] : [each]);
  return failureResponse(form, wrongMethod(methods));
}

/**
 * Answers a request from within the daemon, on behalf of a known caller; null for an anonymous one.
 */
export async function respondWithin(
  request: Request,
  { endpoint, segments, context, principal }: {
    endpoint: Endpoint;
    segments: readonly string[];
    context: CallContext;
    principal: Principal | null;
  },
): Promise<Response> {
  const route = ROUTES.find((each) => each.endpoint === endpoint);
  const path = route === undefined ? null : match(route, segments);
  if (route === undefined || path === null) return failureResponse("problem", UNKNOWN_PATH);
  const isOpen = endpoint.right === "anyone";
  const refusal = isOpen
    ? null
    : principal === null
    ? strangerRefusal(context.config.token)
    : refusalFor(principal, endpoint, path, context);
  if (refusal !== null) return failureResponse("problem", refusal);
  return await respond(route, { path, request, context, principal: isOpen ? null : principal });
}

const UNKNOWN_PATH: Failure = {
  kind: "unknown_route",
  detail: "Cannot answer: no such path in the API. See /api/v1/openapi.json for all paths.",
};

async function respond(
  { endpoint, readInput, respond }: Route,
  { path, request, context, principal }: {
    path: Readonly<Record<string, string>>;
    request: Request;
    context: CallContext;
    principal: Principal | null;
  },
): Promise<Response> {
  let response: Response;
  try {
    const input = await readInput(path, request);
    const details: Record<string, unknown> = {};
    const note = (more: Readonly<Record<string, unknown>>) => void Object.assign(details, more);
    let isChange = endpoint.isChange;
    const changesNothing = () => void (isChange = false);
    response = await respond({ ...input, ...context, request, principal, note, changesNothing });
    if (isChange) {
      await recordChange(response, { endpoint, request, context, principal, details });
    }
  } catch (error) {
    const form = endpoint.failsInText ? "text" : "problem";
    response = failureResponse(form, failureOf(error, endpoint));
  }
  response.headers.set("cache-control", "no-store");
  return response;
}

/**
 * Records a change before its answer is sent: if the answer reports success, the event is on disk.
 *
 * @throws PkgstashError `storage` if the audit log cannot be written.
 */
async function recordChange(
  response: Response,
  { endpoint, request, context, principal, details }: {
    endpoint: Endpoint;
    request: Request;
    context: CallContext;
    principal: Principal | null;
    details: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { pathname, search } = new URL(request.url);
  try {
    await context.administration.events.record({
      who: principal?.name ?? ANYONE,
      address: context.client.hostname,
      action: endpoint.summary,
      request: `${endpoint.method} ${pathname}${search}`,
      details,
    });
  } catch (error) {
    await response.body?.cancel();
    throw new PkgstashError(
      "storage",
      `The change was made, but could not be recorded. ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}

/** The path's parameters if it matches the route, otherwise null. */
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
