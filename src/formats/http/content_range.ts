import type { ByteRange } from "./range.ts";

/** What a Content-Range header says; at least one of the two is known. */
export interface ContentRange {
  /** The bytes in the body; null in an answer 416, which has none of them. */
  range: ByteRange | null;
  /** Bytes of the whole file; null when the sender did not know. */
  total: number | null;
}

const CONTENT_RANGE = /^bytes[ \t]+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i;

/**
 * Reads `bytes a-b/total`, in which either side of the slash may be an asterisk (RFC 9110 section
 * 14.4). Null when absent, in another unit, malformed, or in contradiction with itself.
 */
export function parseContentRange(header: string | null): ContentRange | null {
  const match = CONTENT_RANGE.exec(header?.trim() ?? "");
  if (match === null) return null;
  const [, first, last, size] = match;
  const total = size === "*" ? null : Number(size);
  if (total !== null && !Number.isSafeInteger(total)) return null;
  if (first === undefined) return total === null ? null : { range: null, total };
  const start = Number(first);
  const end = Number(last);
  if (!Number.isSafeInteger(end) || end < start) return null;
  if (total !== null && end >= total) return null;
  return { range: { start, end }, total };
}

/** The Content-Range header of a 206 (with a range) or of a 416 (null). */
export function formatContentRange(range: ByteRange | null, total: number): string {
  return range === null ? `bytes */${total}` : `bytes ${range.start}-${range.end}/${total}`;
}
