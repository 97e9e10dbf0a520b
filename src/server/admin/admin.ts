import { STATUS_CODE } from "@std/http/status";
import { ADMINISTRATOR, type Principal } from "../../administration/principal.ts";
import { isSameToken } from "../../formats/http/bearer_token.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { assetResponse } from "../../web/assets/assets.ts";
import { type Call, CallError } from "../../web/call.ts";
import { failurePage, loginPage, offPage, slowedPage } from "../../web/door.tsx";
import { failureOf } from "../../web/failure.tsx";
import { readForm } from "../../web/form.ts";
import { redirect, secured } from "../../web/html_response.ts";
import { PAGES } from "../../web/pages.ts";
import { respondToVisitor } from "../../web/site.ts";
import type { Visitor } from "../../web/visit.ts";
import { isUsable } from "../api/authorization.ts";
import { callWithin } from "../api/in_process.ts";
import type { Context } from "../context.ts";
import { type Identity, identityOf, type Site } from "./identity.ts";
import { isOwnPage } from "./origin_check.ts";
import { roleOf } from "./role_of.ts";
import { cookieOf } from "./session_cookie.ts";
import { SESSION_MS } from "./sessions.ts";

const log = eventLogger("web");

/**
 * A stream of a proxied user is reopened after this time, so that the proxy can refuse a user who
 * has signed out there.
 */
const PROXIED_STREAM_MS = 5 * 60_000;

/** Answers a request below `/admin/`, given its decoded path. Never throws. */
export async function respondToBrowser(
  request: Request,
  segments: readonly string[],
  site: Site,
): Promise<Response> {
  let response: Response;
  try {
    response = await respond(request, segments, site);
  } catch (error) {
    response = failurePage(request, failureOf(error, new URL(request.url).pathname));
  }
  return secured(response);
}

async function respond(
  request: Request,
  segments: readonly string[],
  site: Site,
): Promise<Response> {
  const { context, client, origin } = site;
  const { access, config: { token } } = context;
  const { pathname, hostname, search } = new URL(request.url);
  if (segments.length === 1) return redirect("/admin/");
  if (segments[1] === "assets") {
    return assetResponse(request, pathname) ??
      failurePage(request, { status: STATUS_CODE.NotFound, text: "No such file." });
  }
  if (!access.isOwnHost(hostname)) {
    return failurePage(request, {
      status: STATUS_CODE.Forbidden,
      text: `The host name ${hostname} is not allowed here. Add it to allowed_hosts, or use an ` +
        "IP address.",
    });
  }
  if (!isUsable(token)) return offPage(request, token !== null);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead && !isOwnPage(request, origin)) {
    log.warn("refused a cross-site change request", {
      client: client.hostname,
      path: pathname,
      origin: request.headers.get("origin"),
    });
    return failurePage(request, {
      status: STATUS_CODE.Forbidden,
      text: "This request would change something, but it does not come from a page of this server.",
    });
  }
  const identity = await identityOf(request, site);
  if (identity !== null && "refusal" in identity) {
    log.warn("refused a user of the reverse proxy", {
      client: client.hostname,
      reason: identity.refusal,
    });
    return failurePage(request, { status: STATUS_CODE.Forbidden, text: identity.refusal });
  }
  if (segments[1] === "login" && segments.length === 2) {
    if (isRead) return identity === null ? loginPage(request) : redirect("/admin/");
    return await signIn(request, token, site);
  }
  if (identity === null) return signedOut(request, pathname + search);
  const { sessionId } = identity;
  if (segments[1] === "logout" && segments.length === 2 && !isRead && sessionId !== null) {
    await context.sessions.end(sessionId);
    return redirect("/admin/login", { "set-cookie": cookieOf(origin, "", 0) });
  }
  const visitor = visitorOf(identity, request, site);
  if (visitor === null) return signedOut(request, pathname + search);
  return await respondToVisitor({
    request,
    segments,
    visitor,
    pages: PAGES,
    openStream: (end) => context.streams.add(end),
  });
}

/** Shows the sign-in page, which returns to the requested page. */
function signedOut(request: Request, target: string): Response {
  if (request.headers.has("hx-request")) {
    return new Response(null, {
      status: STATUS_CODE.Unauthorized,
      headers: { "hx-redirect": "/admin/login", "cache-control": "no-store" },
    });
  }
  const to = request.method === "GET" ? target : "/admin/";
  return loginPage(request, { to });
}

async function signIn(request: Request, token: string, site: Site): Promise<Response> {
  const { context, client: { hostname: address }, origin } = site;
  const { sessions } = context;
  const wait = sessions.brake.waitMs(address);
  if (wait > 0) return slowedPage(request, wait);
  // Count it as wrong until verified, because many may arrive at once.
  sessions.brake.failed(address);
  const form = await readForm(request);
  const given = form.text("token").trim();
  const to = form.text("to");
  const holder = await holderOf(given, token, context);
  if (holder === null) {
    log.warn("web admin sign-in with an invalid token", { client: address });
    return loginPage(request, { failure: "This token is not valid.", to });
  }
  sessions.brake.succeeded(address);
  const { principal, tokenId } = holder;
  if (roleOf(principal) === null) {
    return loginPage(request, {
      failure: `The token ${principal.name} is for programs and cannot be used to sign in.`,
      to,
    });
  }
  const cookie = await sessions.begin(token, tokenId);
  if (cookie === null) return loginPage(request, { failure: "This token has expired.", to });
  await context.administration.events.record({
    kind: "login",
    who: principal.name,
    address,
    action: "Sign in to the web admin",
    request: "POST /admin/login",
    details: {},
  });
  const target = isOwnPath(to) ? to : "/admin/";
  return redirect(target, { "set-cookie": cookieOf(origin, cookie, SESSION_MS / 1000) });
}

/** Whether a redirect to a path stays on this server's pages. */
function isOwnPath(path: string): boolean {
  return path.startsWith("/admin/") && !path.includes("\\") && !/[\r\n]/.test(path);
}

async function holderOf(
  given: string,
  token: string,
  { administration }: Context,
): Promise<{ principal: Principal; tokenId: string | null } | null> {
  if (isSameToken(given, token)) return { principal: ADMINISTRATOR, tokenId: null };
  const found = await administration.tokens.find(given);
  if (found === null || "expiredAt" in found) return null;
  return { principal: found, tokenId: given.split("_")[1] ?? null };
}

function visitorOf(
  { principal, sessionId }: Identity,
  request: Request,
  site: Site,
): Visitor | null {
  const role = roleOf(principal);
  if (role === null) return null;
  const { context, client, origin } = site;
  const call: Call = async (endpoint, ...[input]) => {
    const outcome = await callWithin(endpoint, { ...input }, {
      context: { ...context, client, origin },
      principal,
    });
    if ("problem" in outcome) throw new CallError(outcome.problem);
    return outcome.value as never;
  };
  const arrivedAt = performance.now();
  return {
    name: principal.name,
    role,
    call,
    sessionId,
    flashes: context.sessions.flashesOf(sessionId ?? `user ${principal.name}`),
    isStillWelcome: async () => {
      const now = await identityOf(request, site);
      if (now === null || "refusal" in now || roleOf(now.principal) !== role) return false;
      return now.sessionId !== null || performance.now() - arrivedAt < PROXIED_STREAM_MS;
    },
  };
}
