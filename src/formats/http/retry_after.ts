import { parseHttpDate } from "./http_date.ts";

/**
 * Milliseconds from `now` until a Retry-After header, seconds or a date (RFC 9110 section 10.2.3),
 * allows another request; null for any other text, and for a time that has passed.
 */
export function parseRetryAfter(text: string | null, now: Date): number | null {
  if (text === null) return null;
  const date = parseHttpDate(text);
  const milliseconds = /^\d{1,10}$/.test(text)
    ? Number(text) * 1000
    : date === null
    ? 0
    : date.getTime() - now.getTime();
  return milliseconds > 0 ? milliseconds : null;
}
