import { isOwnOrigin } from "../own_origin.ts";

/**
 * Whether a request was sent by a page of this server. Browsers say so in Sec-Fetch-Site
 * (w3.org/TR/fetch-metadata), except over plain HTTP under a local host name; then Origin (RFC
 * 6454) must equal `own`, the origin of this server. SameSite=Strict cookies do not prove it: they
 * are also sent from other ports of the same host.
 */
export function isOwnPage({ headers }: Pick<Request, "headers">, own: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  return origin !== null && isOwnOrigin(origin, own);
}
