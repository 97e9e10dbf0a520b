/** The fields of a `desc` that are read; all others are skipped. */
export type DescField =
  | "FILENAME"
  | "CSIZE"
  | "SHA256SUM"
  | "PGPSIG"
  | "BUILDDATE"
  | "DEPENDS"
  | "PROVIDES"
  | "REPLACES";

const LISTS: ReadonlySet<DescField> = new Set(["DEPENDS", "PROVIDES", "REPLACES"]);
const SINGLE: readonly DescField[] = ["FILENAME", "CSIZE", "SHA256SUM", "PGPSIG", "BUILDDATE"];

const encoder = new TextEncoder();
/** Lines such as `%CSIZE%`, by length: lines that nobody reads are not decoded. */
const KEYS: ReadonlyMap<number, readonly (readonly [line: Uint8Array, field: DescField])[]> = Map
  .groupBy(
    [...SINGLE, ...LISTS].map((field) => [encoder.encode(`%${field}%`), field] as const),
    ([line]) => line.length,
  );

const NEWLINE = 0x0a;
const PERCENT = 0x25;

/**
 * Passes every value of the fields above to `onValue`, as the bytes from `start` to `end`, which is
 * excluded. A list passes each of its lines, up to an empty one; another field its one line, unless
 * that is empty. The `depends` files that databases had beside `desc` until about 2018 have the
 * same form.
 *
 * Source: `sync_db_read` in pacman's lib/libalpm/be_sync.c.
 */
export function readDesc(
  bytes: Uint8Array,
  onValue: (field: DescField, start: number, end: number) => void,
): void {
  for (let at = 0; at < bytes.length;) {
    const end = lineEnd(bytes, at);
    const field = bytes[at] === PERCENT ? fieldAt(bytes, at, end) : null;
    at = end + 1;
    if (field === null) continue;
    const isList = LISTS.has(field);
    while (at < bytes.length) {
      const start = at;
      const valueEnd = lineEnd(bytes, start);
      at = valueEnd + 1;
      if (valueEnd === start) break;
      onValue(field, start, valueEnd);
      if (!isList) break;
    }
  }
}

function lineEnd(bytes: Uint8Array, start: number): number {
  const end = bytes.indexOf(NEWLINE, start);
  return end < 0 ? bytes.length : end;
}

function fieldAt(bytes: Uint8Array, start: number, end: number): DescField | null {
  for (const [line, field] of KEYS.get(end - start) ?? []) {
    if (line.every((byte, index) => bytes[start + index] === byte)) return field;
  }
  return null;
}
