/** Bytes `start` to `end` of a file, both counted from 0 and both included. */
export interface ByteRange {
  /** The first byte. */
  start: number;
  /** The last byte; not less than `start`. */
  end: number;
}

const SINGLE_BYTE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Reads a Range header (RFC 9110 section 14.2) against a file of `size` bytes. The range is clamped
 * to the file. Null means that the whole file is the answer: no header, another unit, several
 * ranges, or not well-formed. "unsatisfiable" calls for 416.
 *
 * The last bytes of an empty file are the whole empty file: no Content-Range could express them.
 */
export function parseRange(
  header: string | null,
  size: number,
): ByteRange | "unsatisfiable" | null {
  const match = SINGLE_BYTE_RANGE.exec(header ?? "");
  if (match === null) return null;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return null;
    const length = Number(last);
    if (length === 0) return "unsatisfiable";
    return size === 0 ? null : { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? Infinity : Number(last);
  if (end < start) return null;
  if (start >= size) return "unsatisfiable";
  return { start, end: Math.min(end, size - 1) };
}

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
