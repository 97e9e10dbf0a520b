import { evaluateConditions, rangeStillApplies } from "./conditional.ts";
import { type ByteRange, formatContentRange, parseRange } from "./range.ts";
import { formatHttpDate } from "./http_date.ts";

/** A file as HTTP sees it. */
export interface Representation {
  /** Length in bytes, or null while it is not known. */
  size: number | null;
  /** Time of last modification at the origin, or null when the origin gave none. */
  lastModified: Date | null;
  /** Strong entity tag with its quotes, or null. */
  etag: string | null;
  /** Media type, the Content-Type header. */
  contentType: string;
}

/** How to answer a GET or HEAD for a representation. */
export interface Answer {
  /** Only 200 and 206 have a body. */
  status: 200 | 206 | 304 | 412 | 416;
  /** All that the file, the conditions and the range call for. */
  headers: Headers;
  /** The bytes of a 206. */
  range: ByteRange | null;
}

/**
 * A strong entity tag: length, time and inode, so that a file put in another's place has another
 * tag even if it has the same length and time.
 */
export function entityTag(size: number, lastModified: Date | null, inode: number): string {
  const seconds = lastModified === null ? 0 : Math.floor(lastModified.getTime() / 1000);
  return `"${[size, seconds, inode].map((part) => part.toString(16)).join("-")}"`;
}

/** Decides status and headers by the request's conditions and range (RFC 9110 section 13.2.2). */
export function answerTo(request: Request, representation: Representation): Answer {
  const { size, lastModified, etag, contentType } = representation;
  const headers = new Headers({ "accept-ranges": "bytes", "content-type": contentType });
  if (lastModified !== null) headers.set("last-modified", formatHttpDate(lastModified));
  if (etag !== null) headers.set("etag", etag);
  const outcome = evaluateConditions(request.headers, representation, request.method);
  if (outcome !== "proceed") {
    headers.delete("content-type");
    return { status: outcome === "not_modified" ? 304 : 412, headers, range: null };
  }
  const mayRange = size !== null && request.method === "GET" &&
    rangeStillApplies(request.headers.get("if-range"), representation);
  const range = mayRange ? parseRange(request.headers.get("range"), size) : null;
  if (range === "unsatisfiable") {
    headers.set("content-range", formatContentRange(null, size!));
    headers.set("content-length", "0");
    return { status: 416, headers, range: null };
  }
  if (range !== null) {
    headers.set("content-range", formatContentRange(range, size!));
    headers.set("content-length", String(range.end - range.start + 1));
    return { status: 206, headers, range };
  }
  if (size !== null) headers.set("content-length", String(size));
  return { status: 200, headers, range: null };
}

const BY_EXTENSION: Record<string, string> = {
  ".zst": "application/zstd",
  ".xz": "application/x-xz",
  ".gz": "application/gzip",
  ".bz2": "application/x-bzip2",
  ".sig": "application/pgp-signature",
};

/** The media type of a repository's file by its name. */
export function contentTypeOf(fileName: string): string {
  const extension = /\.[^.]+$/.exec(fileName)?.[0] ?? "";
  return BY_EXTENSION[extension] ?? "application/octet-stream";
}
