import type { Principal } from "../../administration/principal.ts";
import type { Client } from "../../repositories/leases.ts";
import { isUsable } from "../api/authorization.ts";
import type { Context } from "../context.ts";
import { proxiedUser } from "./proxied_user.ts";
import { cookieIn } from "./session_cookie.ts";

/** What requests of browsers are answered from. */
export interface Site {
  /** Read again for each call: a stream outlives a reload. */
  readonly context: Context;
  readonly client: Client;
  /** Of this server, as the client reaches it. */
  readonly origin: string;
  /** Whose connection it is: the client's, or that of a proxy. */
  readonly peer: Deno.NetAddr;
}

/** The visitor of a page. */
export interface Identity {
  readonly principal: Principal;
  /** Null if a proxy has signed them in. */
  readonly sessionId: string | null;
}

/**
 * Who sent a request: the user that a trusted proxy names, or else the owner of the session; null
 * if there is neither. The proxy takes precedence, so that signing in twice gains nothing.
 */
export async function identityOf(
  request: Request,
  { context: { access, config, sessions }, client, origin, peer }: Site,
): Promise<Identity | { readonly refusal: string } | null> {
  const user = access.isProxy(peer) ? proxiedUser(request.headers, config) : null;
  if (user !== null) return "refusal" in user ? user : { principal: user, sessionId: null };
  const cookie = cookieIn(request, origin);
  if (cookie === null || !isUsable(config.token)) return null;
  const session = await sessions.find(cookie, config.token, {
    address: client.hostname,
    agent: request.headers.get("user-agent"),
  });
  return session === null ? null : { principal: session.principal, sessionId: session.id };
}
