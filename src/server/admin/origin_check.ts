import { isOwnOrigin } from "../own_origin.ts";

/**
 * Whether a request that changes something was sent by a page of this server. A browser says so in
 * Sec-Fetch-Site (w3.org/TR/fetch-metadata), but not under a name of a local network without TLS;
 * then Origin (RFC 6454) must be `own`, that of this server. A cookie with SameSite=Strict
 * does not tell: another port of the same host gets it too.
 */
export function isOwnPage({ headers }: Pick<Request, "headers">, own: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  return origin !== null && isOwnOrigin(origin, own);
}
