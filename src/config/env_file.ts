import type { Fault } from "./value_type.ts";

/** The variables of an env_file, and the faults of its lines. */
export interface EnvFile {
  readonly values: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
}

const LINE = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

/**
 * Reads KEY=VALUE lines like systemd's EnvironmentFile= (systemd.exec(5)): empty lines and lines
 * that begin with "#" or ";" are skipped, and values may be in single or double quotes. Values are
 * secrets, so a fault names a line only by its number.
 */
export function parseEnvFile(text: string): EnvFile {
  const values = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [index, raw] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const [, name, quoted = ""] = LINE.exec(line) ?? [];
    const value = unquote(quoted.trim());
    if (name !== undefined && value !== null) values.set(name, value);
    else {
      faults.push({
        found: name === undefined
          ? `something else in line ${index + 1}`
          : `a quote that is not closed in line ${index + 1}`,
        expected: "KEY=VALUE",
      });
    }
  }
  return { values, faults };
}

/** Returns null if a quote is not closed. */
function unquote(text: string): string | null {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  if (text.length < 2 || !text.endsWith(quote)) return null;
  const inner = text.slice(1, -1);
  return quote === "'" ? inner : inner.replaceAll(/\\(["\\$`])/g, "$1");
}
