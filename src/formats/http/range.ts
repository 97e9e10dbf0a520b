/** Bytes `start` to `end` of a file, counted from 0, both included. */
export interface ByteRange {
  /** Offset of the first byte. */
  start: number;
  /** Offset of the last byte; not less than `start`. */
  end: number;
}

const SINGLE_BYTE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Resolves a Range header (RFC 9110 section 14.2) against a file of `size` bytes; the range is
 * clamped to the file. Returns null if the whole file is to be sent, because the header is absent,
 * malformed, in another unit, or requests several ranges. "unsatisfiable" calls for a 416.
 *
 * A suffix range of an empty file is null too, since no Content-Range could express it.
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

/** The content of a Content-Range header; at least one of the two is not null. */
export interface ContentRange {
  /** The bytes in the body; null in a 416, which has none. */
  range: ByteRange | null;
  /** Size of the whole file in bytes; null if the sender did not know it. */
  total: number | null;
}

const CONTENT_RANGE = /^bytes[ \t]+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i;

/**
 * Reads `bytes a-b/total`, in which either side of the slash may be an asterisk (RFC 9110 section
 * 14.4). Returns null if the header is absent, malformed, in another unit, or contradicts itself.
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

/** Formats the Content-Range header of a 206, or of a 416 if `range` is null. */
export function formatContentRange(range: ByteRange | null, total: number): string {
  return range === null ? `bytes */${total}` : `bytes ${range.start}-${range.end}/${total}`;
}
