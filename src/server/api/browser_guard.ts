import type { AccessRules } from "../access_rules.ts";
import { isOwnOrigin } from "../own_origin.ts";
import type { Failure } from "./failure.ts";

/**
 * Why the API refuses a request that somebody else's web page may have sent: from another origin,
 * or under a name that the page pointed at this machine. Null for all others. The browser reports
 * this in Origin (RFC 6454) and Sec-Fetch-Site (w3.org/TR/fetch-metadata), which a page cannot
 * change; programs send neither.
 */
export function refuseForeignPage(
  request: Request,
  { access, origin: own }: { access: AccessRules; origin: string },
): Failure | null {
  const { hostname } = new URL(request.url);
  if (!access.isOwnHost(hostname)) {
    return forbidden(
      `the host name ${hostname} is not allowed here. Add it to allowed_hosts, or use an IP ` +
        "address.",
    );
  }
  const site = request.headers.get("sec-fetch-site") ?? "none";
  const origin = request.headers.get("origin");
  const isOwn = origin === null || isOwnOrigin(origin, own);
  if (isOwn && (site === "none" || site === "same-origin")) return null;
  return forbidden(
    "the request comes from a web page of another origin. Use a client program instead.",
  );
}

function forbidden(why: string): Failure {
  return { kind: "forbidden", detail: `Cannot use the API: ${why}` };
}
