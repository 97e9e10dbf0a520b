import { parse } from "@std/toml";
import { reasonOf } from "../errors.ts";
import { withoutCredentials } from "./problem.ts";
import type { Fault } from "./value_type.ts";

/** A TOML table: strings, numbers, booleans, dates, lists and tables by key. */
export type TomlTable = Readonly<Record<string, unknown>>;

/** The root table of a document, and the faults of its text. */
export interface TomlDocument {
  readonly table: TomlTable;
  readonly faults: readonly Fault[];
}

/** Parses TOML. A byte order mark is skipped; a repeated key is a fault. */
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

/** TOML forbids repeated keys, but the parser silently uses the last one. */
function duplicateKeys(text: string): Fault[] {
  const faults: Fault[] = [];
  const seen = new Map<string, number>();
  let table = "";
  for (const [index, line] of text.split("\n").entries()) {
    const header = /^\s*(\[[^\]]+\])\s*(?:#.*)?$/.exec(line)?.[1];
    if (header !== undefined) table = header;
    const name = header ?? /^\s*([A-Za-z0-9_-]+)\s*=/.exec(line)?.[1];
    if (name === undefined) continue;
    const key = header ?? `${table} ${name}`;
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

export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}
