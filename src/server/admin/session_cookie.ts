import { getCookies, setCookie } from "@std/http/cookie";

/** Under TLS no other host, and no page without TLS, can set a cookie of this name. */
const SECURE_NAME = "__Host-pkgstash";
const NAME = "pkgstash";

/** The cookie of a session that a request to `origin` has; null for none. */
export function cookieIn({ headers }: Request, origin: string): string | null {
  try {
    return getCookies(headers)[isSecure(origin) ? SECURE_NAME : NAME] ?? null;
  } catch {
    // Whatever another server of this host has set.
    return null;
  }
}

/** The header that sets the cookie at `origin`, for `maxAge` seconds; 0 removes it. */
export function cookieOf(origin: string, value: string, maxAge: number): string {
  const headers = new Headers();
  const isTls = isSecure(origin);
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

function isSecure(origin: string): boolean {
  return origin.startsWith("https:");
}
