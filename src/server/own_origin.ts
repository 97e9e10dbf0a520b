import type { AccessRules } from "./access_rules.ts";

/**
 * The origin under which a client reaches this server, such as `https://packages.example.org`.
 * `X-Forwarded-Proto` says that a proxy was reached by TLS; anybody can write it, so only one that
 * is trusted is believed.
 */
export function ownOriginOf(
  { url, headers }: Pick<Request, "url" | "headers">,
  peer: { hostname: string },
  access: Pick<AccessRules, "isProxy">,
): string {
  const { origin } = new URL(url);
  const isBehindTls = headers.get("x-forwarded-proto") === "https" && access.isProxy(peer);
  return isBehindTls ? origin.replace(/^http:/, "https:") : origin;
}

/**
 * Whether the `Origin` of a request (RFC 6454) is this server's. Without TLS only host and port
 * count: a proxy may use TLS and not say so. With TLS, a page without it may be anybody's.
 */
export function isOwnOrigin(sent: string, own: string): boolean {
  const { protocol, host } = new URL(own);
  const from = URL.parse(sent);
  return from?.host === host && (protocol === "http:" || from.protocol === protocol);
}
