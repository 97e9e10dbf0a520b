import type { Principal } from "../../administration/principal.ts";
import type { Client } from "../../repositories/leases.ts";
import { isUsable } from "../api/authorization.ts";
import type { Context } from "../context.ts";
import { proxiedUser } from "./proxied_user.ts";
import { cookieIn } from "./session_cookie.ts";

/** The context of a browser's request. */
export interface Site {
  /** Do not cache its members: a stream outlives a reload. */
  readonly context: Context;
  readonly client: Client;
  /** The origin of this server, as the client reaches it. */
  readonly origin: string;
  /** The address at the other end of the connection: the client or a proxy. */
  readonly peer: Deno.NetAddr;
}

/** The visitor of a page. */
export interface Identity {
  readonly principal: Principal;
  /** Null for a user that a reverse proxy has signed in. */
  readonly sessionId: string | null;
}

/**
 * Who sent a request: the user that a trusted proxy names, else the user of the session; null if
 * there is neither. The proxy takes precedence, so that nobody gains rights by also signing in
 * here.
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
