import { getCookies, setCookie } from "@std/http/cookie";

/** With the prefix __Host-, only this host can set the cookie, and only over TLS. */
const SECURE_NAME = "__Host-pkgstash";
const NAME = "pkgstash";

/** The session cookie of a request to `origin`; null if it has none. */
export function cookieIn({ headers }: Request, origin: string): string | null {
  try {
    return getCookies(headers)[isSecure(origin) ? SECURE_NAME : NAME] ?? null;
  } catch {
    // Another server on this host may have set a malformed cookie.
    return null;
  }
}

/**
 * The value of Set-Cookie for a session at `origin`. `maxAge` is in seconds; 0 removes the cookie.
 */
export function cookieOf(origin: string, value: string, maxAge: number): string {
  const headers = new Headers();
  const isTls = isSecure(origin);
  // The prefix __Host- makes setCookie add Secure.
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
