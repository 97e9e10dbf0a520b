import { evaluateConditions, rangeStillApplies } from "./conditional.ts";
import { type ByteRange, formatContentRange, parseRange } from "./range.ts";
import { formatHttpDate } from "./http_date.ts";

/** A file in terms of HTTP. */
export interface Representation {
  /** Length in bytes; null while unknown. */
  size: number | null;
  /** Last modification at the origin, or null if the origin did not say. */
  lastModified: Date | null;
  /** Strong entity tag with its quotes, or null. */
  etag: string | null;
  /** Value of the Content-Type header. */
  contentType: string;
}

/** The response to a GET or HEAD of a representation, without its body. */
export interface ResponseHead {
  /** Only 200 and 206 have a body. */
  status: 200 | 206 | 304 | 412 | 416;
  /** Every header that follows from the file, the conditions and the range. */
  headers: Headers;
  /** The bytes in the body of a 206; null for every other status. */
  range: ByteRange | null;
}

/**
 * A strong entity tag from length, time and inode. The inode distinguishes a file from one that it
 * replaced, even if both have the same length and time.
 */
export function entityTag(size: number, lastModified: Date | null, inode: number): string {
  const seconds = lastModified === null ? 0 : Math.floor(lastModified.getTime() / 1000);
  return `"${[size, seconds, inode].map((part) => part.toString(16)).join("-")}"`;
}

/** Evaluates the conditions and the range of a request (RFC 9110 section 13.2.2). */
export function responseHead(request: Request, representation: Representation): ResponseHead {
  const { size, lastModified, etag, contentType } = representation;
  const headers = new Headers({ "accept-ranges": "bytes", "content-type": contentType });
  if (lastModified !== null) headers.set("last-modified", formatHttpDate(lastModified));
  if (etag !== null) headers.set("etag", etag);
  const outcome = evaluateConditions(request.headers, representation, request.method);
  if (outcome !== "proceed") {
    headers.delete("content-type");
    return { status: outcome === "not_modified" ? 304 : 412, headers, range: null };
  }
  const honoursRange = request.method === "GET" &&
    rangeStillApplies(request.headers.get("if-range"), representation);
  if (size !== null && honoursRange) {
    const range = parseRange(request.headers.get("range"), size);
    if (range === "unsatisfiable") {
      headers.set("content-range", formatContentRange(null, size));
      headers.set("content-length", "0");
      return { status: 416, headers, range: null };
    }
    if (range !== null) {
      headers.set("content-range", formatContentRange(range, size));
      headers.set("content-length", String(range.end - range.start + 1));
      return { status: 206, headers, range };
    }
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

/** The media type of a repository's file, by its name. */
export function contentTypeOf(fileName: string): string {
  const extension = /\.[^.]+$/.exec(fileName)?.[0] ?? "";
  return BY_EXTENSION[extension] ?? "application/octet-stream";
}
