import { parseHttpDate } from "./http_date.ts";

/** What identifies one state of a file; null where unknown. */
export interface Validators {
  /** With its quotes, and preceded by `W/` if it is weak. */
  etag: string | null;
  /** Compared by whole seconds, the resolution of HTTP dates. */
  lastModified: Date | null;
}

/** Respond as if there were no conditions, with a 304, or with a 412. */
export type ConditionOutcome = "proceed" | "not_modified" | "precondition_failed";

/**
 * Evaluates the conditions of a request for an existing file, in the order of RFC 9110 section
 * 13.2.2. Invalid dates are ignored. `If-Range` is left to {@linkcode rangeStillApplies}.
 */
export function evaluateConditions(
  headers: Headers,
  validators: Validators,
  method: string,
): ConditionOutcome {
  const isRead = method === "GET" || method === "HEAD";
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!lists(ifMatch, validators.etag, isStronglyEqual)) return "precondition_failed";
  } else if (isModifiedSince(headers.get("if-unmodified-since"), validators) === true) {
    return "precondition_failed";
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (!lists(ifNoneMatch, validators.etag, isWeaklyEqual)) return "proceed";
    return isRead ? "not_modified" : "precondition_failed";
  }
  if (isRead && isModifiedSince(headers.get("if-modified-since"), validators) === false) {
    return "not_modified";
  }
  return "proceed";
}

/**
 * Whether this `If-Range` allows a Range to be used (RFC 9110 section 13.1.5): it must contain the
 * same strong entity tag or exactly the same date. An absent header always does.
 */
export function rangeStillApplies(ifRange: string | null, validators: Validators): boolean {
  if (ifRange === null) return true;
  const text = ifRange.trim();
  if (text.startsWith('"') || text.startsWith("W/")) {
    return validators.etag !== null && isStronglyEqual(text, validators.etag);
  }
  const date = parseHttpDate(text);
  return date !== null && validators.lastModified !== null &&
    secondsOf(date) === secondsOf(validators.lastModified);
}

/** Undefined if the header is absent or not a date, or the file's date is unknown. */
function isModifiedSince(header: string | null, validators: Validators): boolean | undefined {
  const since = header === null ? null : parseHttpDate(header.trim());
  if (since === null || validators.lastModified === null) return undefined;
  return secondsOf(validators.lastModified) > secondsOf(since);
}

/** Whether a header such as `"a", W/"b"` or `*` lists the entity tag. */
function lists(
  header: string,
  etag: string | null,
  isEqual: (a: string, b: string) => boolean,
): boolean {
  if (header.trim() === "*") return true;
  if (etag === null) return false;
  return (header.match(/(?:W\/)?"[^"]*"/g) ?? []).some((listed) => isEqual(listed, etag));
}

function isStronglyEqual(a: string, b: string): boolean {
  return a === b && !a.startsWith("W/");
}

function isWeaklyEqual(a: string, b: string): boolean {
  return a.replace(/^W\//, "") === b.replace(/^W\//, "");
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
