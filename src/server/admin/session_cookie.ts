import { getCookies, setCookie } from "@std/http/cookie";

/** Under TLS no other host, and no page without TLS, can set a cookie of this name. */
const SECURE_NAME = "__Host-pkgstash";
const NAME = "pkgstash";

/** Whether the browser reached this server, or a proxy before it, by TLS. */
function isSecure({ url, headers }: Request): boolean {
  return url.startsWith("https:") || headers.get("x-forwarded-proto") === "https";
}

/** The cookie of a session that a request has; null for none. */
export function cookieIn(request: Request): string | null {
  try {
    return getCookies(request.headers)[isSecure(request) ? SECURE_NAME : NAME] ?? null;
  } catch {
    // Whatever another server of this host has set.
    return null;
  }
}

/** The header that sets the cookie of a session, for `maxAge` seconds; 0 removes it. */
export function cookieOf(request: Request, value: string, maxAge: number): string {
  const headers = new Headers();
  const isTls = isSecure(request);
  // A name with __Host- makes it Secure.
  setCookie(headers, {
    name: isTls ? SECURE_NAME : NAME,
    value,
    maxAge,
    path: isTls ? "/" : "/admin",
    httpOnly: true,
    sameSite: "Strict",
  });
  return headers.get("set-cookie") ?? "";
}
