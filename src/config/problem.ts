import { PkgstashError } from "../errors.ts";

/** One problem of the configuration. */
export interface ConfigProblem {
  /** Where the value was read: a file name, or "environment". */
  readonly source: string;
  /** Such as "port" or "upstreams.manjaro.mirror_urls"; "" for the source as a whole. */
  readonly key: string;
  /** The value found, in words; never a secret. */
  readonly found: string;
  /** The value expected, in words. */
  readonly expected: string;
}

/** All problems of the configuration in one error. */
export class ConfigProblems extends PkgstashError {
  constructor(readonly problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      "invalid_config",
      `Cannot use the configuration: ${count}\n` +
        problems.map((problem) => `  ${formatProblem(problem)}`).join("\n"),
    );
  }
}

/** One line: source, key, what was found and what was expected. */
export function formatProblem({ source, key, found, expected }: ConfigProblem): string {
  return `${source}: ${key === "" ? "" : `${key}: `}found ${found}, expected ${expected}`;
}

/** A TOML value for messages: abbreviated, and without the password of a URL. */
export function describeValue(raw: unknown): string {
  if (raw === undefined) return "nothing";
  if (raw instanceof Date) return "a date";
  if (Array.isArray(raw)) return raw.length === 0 ? "an empty list" : "a list";
  if (typeof raw === "object" && raw !== null) return "a table";
  if (typeof raw !== "string") return String(raw);
  const shown = withoutCredentials(raw);
  return JSON.stringify(shown.length > 100 ? `${shown.slice(0, 100)}...` : shown);
}

/** Replaces the user name and password of every URL in the text with "***". */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/\s]*@/g, "//***@");
}
