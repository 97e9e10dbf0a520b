import { parse } from "@std/toml";
import { reasonOf } from "../errors.ts";
import { withoutCredentials } from "./problem.ts";
import type { Fault } from "./value_type.ts";

/** A table of TOML: strings, numbers, booleans, dates, lists and tables. */
export type TomlTable = Readonly<Record<string, unknown>>;

/** The text as a table, and everything that keeps it from being one. */
export interface TomlDocument {
  readonly table: TomlTable;
  readonly faults: readonly Fault[];
}

/** Reads TOML; a byte order mark is skipped, and a key that is given twice is a fault. */
export function parseToml(text: string): TomlDocument {
  const document = text.replace(/^\ufeff/, "");
  const faults = duplicateKeys(document);
  try {
    return { table: parse(document), faults };
  } catch (error) {
    const reason = withoutCredentials(reasonOf(error)).replaceAll(/\s+/g, " ").slice(0, 200);
    return { table: {}, faults: [{ found: `"${reason}"`, expected: "valid TOML" }, ...faults] };
  }
}

/** The parser lets the last of two equal keys win, in silence; TOML forbids it. */
function duplicateKeys(text: string): Fault[] {
  const faults: Fault[] = [];
  const seen = new Map<string, number>();
  let table = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*(\[[^\]]+\])\s*(?:#.*)?$/.exec(line);
    if (header !== null) table = header[1]!;
    const name = header !== null ? table : /^\s*([A-Za-z0-9_-]+)\s*=/.exec(line)?.[1];
    if (name === undefined) continue;
    const key = header !== null ? table : `${table} ${name}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index + 1);
    else {
      faults.push({
        found: `${name} in line ${first} and again in line ${index + 1}`,
        expected: "it once",
      });
    }
  }
  return faults;
}
