import { timingSafeEqual } from "@std/crypto/timing-safe-equal";

/**
 * Whether a text can be sent as a bearer token: visible ASCII and at least one character. RFC 6750
 * section 2.1 allows fewer characters; all of these survive an Authorization header.
 */
export function isBearerToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/**
 * Returns the token of an `Authorization: Bearer TOKEN` header (RFC 6750 section 2.1), or null if
 * the header is absent, malformed, or of another scheme.
 */
export function parseBearerToken(authorization: string | null): string | null {
  const token = /^Bearer +(.+)$/i.exec(authorization?.trim() ?? "")?.[1];
  return token !== undefined && isBearerToken(token) ? token : null;
}

/**
 * Whether two tokens are equal, in a time that does not depend on how many characters they share.
 * No token equals an empty `expected`.
 */
export function isSameToken(given: string, expected: string): boolean {
  const expectedBytes = new TextEncoder().encode(expected);
  const givenBytes = new TextEncoder().encode(given);
  const padded = new Uint8Array(expectedBytes.length);
  padded.set(givenBytes.subarray(0, expectedBytes.length));
  const sameBytes = timingSafeEqual(padded, expectedBytes);
  return sameBytes && givenBytes.length === expectedBytes.length && expectedBytes.length > 0;
}
