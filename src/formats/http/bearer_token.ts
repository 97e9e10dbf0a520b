import { timingSafeEqual } from "@std/crypto/timing-safe-equal";

/**
 * The token of an `Authorization: Bearer TOKEN` header (RFC 6750 section 2.1, with any visible ASCII
 * in the token); null when absent, of another scheme, or malformed.
 */
export function parseBearerToken(authorization: string | null): string | null {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(authorization?.trim() ?? "")?.[1] ?? null;
}

/**
 * Whether two tokens are the same, in a time that does not depend on how much of them is. An empty
 * expected token matches nothing.
 */
export function isSameToken(given: string, expected: string): boolean {
  const wanted = new TextEncoder().encode(expected);
  const offered = new TextEncoder().encode(given);
  const padded = new Uint8Array(wanted.length);
  padded.set(offered.subarray(0, wanted.length));
  const sameBytes = timingSafeEqual(padded, wanted);
  return sameBytes && offered.length === wanted.length && wanted.length > 0;
}
