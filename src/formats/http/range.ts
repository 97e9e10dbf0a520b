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
