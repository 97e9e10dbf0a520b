import { parseHttpDate } from "./http_date.ts";

/** How a shared cache may use a response. */
export interface Storability {
  /** Whether it may be stored at all: without `no-store` and `private`. */
  readonly mayStore: boolean;
  /**
   * Until when it may be sent without revalidation, in milliseconds since the epoch; 0 for never.
   */
  readonly freshUntil: number;
  /** Whether it may be sent stale when no server can be asked. */
  readonly mayServeStale: boolean;
}

/** If the origin says nothing, this share of the time since the last modification. */
const HEURISTIC_SHARE = 0.1;
const MAX_HEURISTIC_MS = 60_000;
/** Larger values of delta-seconds are treated as this (RFC 9111, section 1.2.2). */
const MAX_SECONDS = 2 ** 31;

/**
 * Judges a response received at `receivedAt`, in milliseconds since the epoch, for a shared cache.
 * Its age counts from there unless it says that it was older.
 *
 * Source: RFC 9111, sections 3, 4.2 and 5.2.2.
 */
export function storabilityOf(headers: Headers, receivedAt: number): Storability {
  const directives = directivesOf(headers.get("cache-control"));
  const mayStore = !directives.has("no-store") && !directives.has("private");
  const mustAsk = directives.has("no-cache") || headers.get("vary")?.trim() === "*" ||
    (headers.get("cache-control") === null && /\bno-cache\b/i.test(headers.get("pragma") ?? ""));
  const mustRevalidate = ["must-revalidate", "proxy-revalidate", "s-maxage"]
    .some((name) => directives.has(name));
  const lifetimeMs = mustAsk || !mayStore ? 0 : lifetimeOf(headers, directives, receivedAt);
  const ageMs = initialAgeOf(headers, receivedAt);
  return {
    mayStore,
    freshUntil: lifetimeMs > ageMs ? receivedAt + lifetimeMs - ageMs : 0,
    mayServeStale: mayStore && !mustAsk && !mustRevalidate,
  };
}

/** Whether a request insists on the origin's present state (RFC 9111, sections 5.2.1 and 5.4). */
export function insistsOnOrigin(headers: Headers): boolean {
  const text = headers.get("cache-control");
  if (text === null) return /\bno-cache\b/i.test(headers.get("pragma") ?? "");
  const directives = directivesOf(text);
  return directives.has("no-cache") || directives.get("max-age") === "0";
}

/** The directives of a Cache-Control header, names in lower case, without quotes. */
function directivesOf(text: string | null): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  const pattern = /([^\s,;="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g;
  for (const [, name = "", quoted, token] of (text ?? "").matchAll(pattern)) {
    const key = name.toLowerCase();
    // If repeated, the first counts (section 4.2.1).
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? "");
  }
  return directives;
}

function lifetimeOf(
  headers: Headers,
  directives: ReadonlyMap<string, string>,
  receivedAt: number,
): number {
  const seconds = directives.get("s-maxage") ?? directives.get("max-age");
  if (seconds !== undefined) return secondsIn(seconds) * 1000;
  const date = dateOf(headers, "date") ?? receivedAt;
  const expires = headers.get("expires");
  // An invalid date, such as "0", has passed (section 5.3).
  if (expires !== null) return Math.max(0, (dateOf(headers, "expires") ?? date) - date);
  const modified = dateOf(headers, "last-modified");
  if (modified === null) return 0;
  return Math.min(MAX_HEURISTIC_MS, Math.max(0, (date - modified) * HEURISTIC_SHARE));
}

/** How old the response was already (section 4.2.3, without the delay of the response). */
function initialAgeOf(headers: Headers, receivedAt: number): number {
  const apparentMs = Math.max(0, receivedAt - (dateOf(headers, "date") ?? receivedAt));
  return Math.max(apparentMs, secondsIn(headers.get("age") ?? "") * 1000);
}

/** A number of seconds; 0 if it is not one. */
function secondsIn(text: string): number {
  return /^\d+$/.test(text.trim()) ? Math.min(MAX_SECONDS, Number(text)) : 0;
}

function dateOf(headers: Headers, name: string): number | null {
  return parseHttpDate(headers.get(name)?.trim() ?? "")?.getTime() ?? null;
}
