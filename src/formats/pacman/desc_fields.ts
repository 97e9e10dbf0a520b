import { PkgstashError } from "../../errors.ts";

/** How the lines below a key are read: one line, one number, or all lines up to an empty one. */
export type FieldKind = "text" | "number" | "list";

/** Maps a key, without its percent signs, to a property and the kind of its value. */
export type FieldTable = ReadonlyMap<string, readonly [property: string, kind: FieldKind]>;

/** The longest single value, in UTF-16 code units. Real signatures have up to 6,024. */
export const MAX_VALUE_LENGTH = 64 * 1024;

/**
 * Reads `%KEY%` blocks into the properties of a table; unknown keys are skipped. If a key is
 * repeated, its last value counts, and lists are concatenated. An empty value is treated as absent.
 *
 * Source: `sync_db_read` in pacman's lib/libalpm/be_sync.c.
 * @throws {PkgstashError} of kind "content" if a value is too long, or should be a number and is
 * not.
 */
export function parseFields(
  text: string,
  table: FieldTable,
): Record<string, string | number | string[]> {
  const fields: Record<string, string | number | string[]> = {};
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const field = keyOf(line, table);
    if (field === undefined) continue;
    const [property, kind] = field;
    if (kind === "list") {
      const known = fields[property];
      const list = Array.isArray(known) ? known : [];
      for (i++; i < lines.length && lines[i] !== ""; i++) list.push(checkedValue(line, lines[i]));
      if (list.length > 0) fields[property] = list;
    } else {
      const value = checkedValue(line, lines[++i]);
      if (value !== "") fields[property] = kind === "number" ? numberOf(line, value) : value;
    }
  }
  return fields;
}

function keyOf(line: string, table: FieldTable): ReturnType<FieldTable["get"]> {
  if (!line.startsWith("%") || !line.endsWith("%")) return undefined;
  return table.get(line.slice(1, -1));
}

function checkedValue(key: string, value = ""): string {
  if (value.length <= MAX_VALUE_LENGTH) return value;
  throw new PkgstashError(
    "content",
    `Cannot read a package description: a value of ${key} has ${value.length} characters, ` +
      `more than ${MAX_VALUE_LENGTH}.`,
  );
}

function numberOf(key: string, value: string): number {
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  throw new PkgstashError(
    "content",
    `Cannot read a package description: ${key} must be a whole number, found ${
      JSON.stringify(value.slice(0, 40))
    }.`,
  );
}
