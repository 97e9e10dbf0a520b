import { parseHttpDate } from "./http_date.ts";

/** What identifies one state of a file; null where it is not known. */
export interface Validators {
  /** With its quotes, and `W/` before them if weak. */
  etag: string | null;
  /** Compared by whole seconds, as HTTP writes them. */
  lastModified: Date | null;
}

/** How to answer: as if there were no conditions, with 304, or with 412. */
export type ConditionOutcome = "proceed" | "not_modified" | "precondition_failed";

/**
 * Evaluates the conditions of a request for a file that exists, in the order of RFC 9110 section
 * 13.2.2. Dates that are none are ignored. `If-Range` is not looked at: see `rangeStillApplies`.
 */
export function evaluateConditions(
  headers: Headers,
  validators: Validators,
  method: string,
): ConditionOutcome {
  const isRead = method === "GET" || method === "HEAD";
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!names(ifMatch, validators.etag, isStronglyEqual)) return "precondition_failed";
  } else if (isModifiedSince(headers.get("if-unmodified-since"), validators) === true) {
    return "precondition_failed";
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (!names(ifNoneMatch, validators.etag, isWeaklyEqual)) return "proceed";
    return isRead ? "not_modified" : "precondition_failed";
  }
  if (isRead && isModifiedSince(headers.get("if-modified-since"), validators) === false) {
    return "not_modified";
  }
  return "proceed";
}

/**
 * Whether a Range may be honoured under this `If-Range` (RFC 9110 section 13.1.5): the same strong
 * entity tag, or exactly the same date. Without the header it may.
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

/** Undefined when the header is absent or no date, or the file's date is not known. */
function isModifiedSince(header: string | null, validators: Validators): boolean | undefined {
  const since = header === null ? null : parseHttpDate(header.trim());
  if (since === null || validators.lastModified === null) return undefined;
  return secondsOf(validators.lastModified) > secondsOf(since);
}

function names(
  list: string,
  etag: string | null,
  isEqual: (a: string, b: string) => boolean,
): boolean {
  if (list.trim() === "*") return true;
  if (etag === null) return false;
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((listed) => isEqual(listed, etag));
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
