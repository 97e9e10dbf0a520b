import type { ConfigProblem } from "./problem.ts";
import { type ConfigKey, environmentName } from "./schema.ts";
import { similarName } from "./similar_name.ts";
import type { TomlTable } from "./toml_document.ts";
import type { Fault, Parsed } from "./value_type.ts";

/** Returns an environment variable, or undefined if it is not set. */
export type EnvironmentGetter = (name: string) => string | undefined;

/** The value of a key that is not in the file, and its origin. */
export interface Fallback {
  readonly value: unknown;
  readonly origin: string;
}

/**
 * Reads keys one by one from the configuration file and the environment. Collects all problems, and
 * the origin of each value by the full name of its key.
 */
export class KeyReader {
  readonly problems: ConfigProblem[] = [];
  readonly origins = new Map<string, string>();
  readonly #environments: { readonly get: EnvironmentGetter; readonly source: string }[] = [];

  constructor(readonly fileName: string, readonly workingDirectory: string) {}

  /** Adds an environment, which ranks below those added before. */
  addEnvironment(get: EnvironmentGetter, source: string): void {
    this.#environments.push({ get, source });
  }

  /** The variable in the first environment that has it, or null; an empty one counts as unset. */
  variable(name: string): { readonly text: string; readonly source: string } | null {
    for (const { get, source } of this.#environments) {
      const text = get(name);
      if (text !== undefined && text !== "") return { text, source };
    }
    return null;
  }

  /** Adds problems. */
  report(source: string, key: string, ...faults: readonly Fault[]): void {
    for (const fault of faults) this.problems.push({ source, key, ...fault });
  }

  /** Reads a top-level key, which the environment can override. Returns null after a problem. */
  readTop<T>(key: ConfigKey<T>, table: TomlTable, fallback?: Fallback): T | null {
    const name = environmentName(key);
    const variable = this.variable(name);
    if (variable === null) return this.read(key, table, { fallback });
    this.origins.set(key.name, variable.source);
    const raw = key.type.split?.(variable.text) ?? variable.text;
    return this.#take(key.type.parse(raw, this.workingDirectory), variable.source, name);
  }

  /**
   * Reads a key of any table. With `prefix` its name becomes the full name in the file, with
   * `originPrefix` the name in `origins`. Returns null after a problem.
   */
  read<T>(key: ConfigKey<T>, table: TomlTable, { prefix = "", originPrefix = prefix, fallback }: {
    prefix?: string;
    originPrefix?: string;
    fallback?: Fallback | undefined;
  }): T | null {
    const otherwise = fallback ?? { value: key.defaultValue, origin: "default" };
    const given = Object.hasOwn(table, key.name);
    this.origins.set(originPrefix + key.name, given ? "file" : otherwise.origin);
    const raw = given ? table[key.name] : otherwise.value;
    const parsed = key.type.parse(raw, this.workingDirectory);
    return this.#take(parsed, this.fileName, prefix + key.name);
  }

  #take<T>(parsed: Parsed<T>, source: string, name: string): T | null {
    if (parsed.ok) return parsed.value;
    this.report(source, name, ...parsed.faults);
    return null;
  }

  /** Reports every unknown key of a table. */
  rejectUnknown(table: TomlTable, known: readonly string[], prefix: string): void {
    for (const name of Object.keys(table)) {
      if (known.includes(name)) continue;
      this.report(this.fileName, prefix + name, {
        found: "an unknown key",
        expected: name === "token"
          ? "PKGSTASH_TOKEN in env_file or in the environment instead"
          : expectedKey(name, known),
      });
    }
  }
}

function expectedKey(found: string, known: readonly string[]): string {
  const similar = similarName(found, known);
  return similar === null
    ? "a key of this table, as in pkgstash.toml(5)"
    : `a known one (did you mean "${similar}"?)`;
}
