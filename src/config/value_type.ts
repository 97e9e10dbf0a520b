import { resolve } from "@std/path";
import {
  formatByteSize,
  formatDuration,
  formatTimeWindow,
  parseByteSize,
  parseDuration,
  parseTimeWindow,
  type TimeWindow,
} from "./quantities.ts";
import { describeValue } from "./problem.ts";

/** The value found, and the value expected, in words. */
export interface Fault {
  readonly found: string;
  readonly expected: string;
}

/** The value that was read, or all reasons why it could not be. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The type of a key's value. */
export interface ValueType<T> {
  /** Its name for messages, such as "duration". */
  readonly name: string;
  /** Converts the text of an environment variable to a TOML value; unchanged by default. */
  readonly split?: (text: string) => readonly string[];
  /** Reads a TOML value. */
  parse(raw: unknown, workingDirectory: string): Parsed<T>;
  /** Formats the value as TOML that `parse` reads back. */
  format(value: T): string;
}

function bad(raw: unknown, expected: string): Parsed<never> {
  return { ok: false, faults: [{ found: describeValue(raw), expected }] };
}

function good<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** Formats a basic TOML string, whose escapes include those of JSON. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}

/** Text for which `fault` returns null; otherwise it returns what is expected instead. */
export function text(
  name: string,
  expected: string,
  fault: (text: string) => string | null,
): ValueType<string> {
  return {
    name,
    parse(raw) {
      if (typeof raw !== "string" || raw === "") return bad(raw, expected);
      const instead = fault(raw);
      return instead === null ? good(raw) : bad(raw, instead);
    },
    format: tomlString,
  };
}

/**
 * A file or directory. Relative paths are resolved against the working directory. "~" is refused:
 * only shells know it, and it would become a directory of that name.
 */
export const path: ValueType<string> = {
  name: "path",
  parse(raw, workingDirectory) {
    const [, user, rest] = /^~([^/]*)(\/.*)?$/s.exec(typeof raw === "string" ? raw : "") ?? [];
    if (user !== undefined) {
      const instead = `/home/${user || "NAME"}${rest ?? ""}`;
      return bad(raw, `a path without "~", such as ${describeValue(instead)}`);
    }
    return typeof raw === "string" && raw !== "" && !raw.includes("\0")
      ? good(resolve(workingDirectory, raw))
      : bad(raw, "a path");
  },
  format: tomlString,
};

/** Like `path`, and "" for none. */
export const pathOrNone: ValueType<string> = {
  ...path,
  parse: (raw, workingDirectory) => raw === "" ? good("") : path.parse(raw, workingDirectory),
};

/** Adds null to a type; TOML has no null, so it is written as "". */
export function optional<T>(type: ValueType<T>): ValueType<T | null> {
  return {
    name: type.name,
    parse: (raw, workingDirectory) => raw === "" ? good(null) : type.parse(raw, workingDirectory),
    format: (value) => value === null ? '""' : type.format(value),
  };
}

/** A TCP port, as a number, or as a string like in the Go version. */
export const port: ValueType<number> = {
  name: "port",
  parse(raw) {
    const number = typeof raw === "string" && /^\d{1,5}$/.test(raw) ? Number(raw) : raw;
    return typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= 65535
      ? good(number)
      : bad(raw, "a port from 0 to 65535 (0 lets the system choose)");
  },
  format: String,
};

/** A duration in milliseconds, within limits. */
export function duration(leastMs: number, mostMs = Number.MAX_SAFE_INTEGER): ValueType<number> {
  return {
    name: "duration",
    parse(raw) {
      const value = typeof raw === "string" ? parseDuration(raw) : raw === 0 ? 0 : null;
      if (value === null) {
        const unit = typeof raw === "number" ? " with a unit" : "";
        return bad(raw, `a duration${unit} such as "90d", "8760h", "1h30m" or "500ms"`);
      }
      if (value < leastMs) return bad(raw, `a duration of at least ${formatDuration(leastMs)}`);
      if (value > mostMs) return bad(raw, `a duration of at most ${formatDuration(mostMs)}`);
      return good(value);
    },
    format: (value) => tomlString(formatDuration(value)),
  };
}

/** A size in bytes. */
export const byteSize: ValueType<number> = {
  name: "size",
  parse(raw) {
    const value = typeof raw === "string" ? parseByteSize(raw) : raw === 0 ? 0 : null;
    return value === null
      ? bad(raw, 'a size with its unit such as "50GB" or "500MB", or "0" for no limit')
      : good(value);
  },
  format: (value) => tomlString(formatByteSize(value)),
};

/** A size in bytes that must have a limit. */
export function limitedByteSize(least: number): ValueType<number> {
  return {
    ...byteSize,
    parse(raw, workingDirectory) {
      const parsed = byteSize.parse(raw, workingDirectory);
      const isEnough = !parsed.ok || parsed.value >= least;
      return isEnough ? parsed : bad(raw, `a size of at least ${formatByteSize(least)}`);
    },
  };
}

/** One of several words, in upper or lower case. */
export function choice<T extends string>(words: readonly T[]): ValueType<T> {
  return {
    name: "choice",
    parse(raw) {
      const word = words.find((each) => typeof raw === "string" && each === raw.toLowerCase());
      return word === undefined
        ? bad(raw, `one of ${words.map((each) => `"${each}"`).join(", ")}`)
        : good(word);
    },
    format: tomlString,
  };
}

/** A boolean; in an environment variable "true" or "false". */
export const flag: ValueType<boolean> = {
  name: "boolean",
  parse(raw) {
    const value = raw === "true" ? true : raw === "false" ? false : raw;
    return typeof value === "boolean" ? good(value) : bad(raw, "true or false");
  },
  format: String,
};

/** An integer, within limits. */
export function count(least: number, most: number): ValueType<number> {
  return {
    name: "number",
    parse(raw) {
      const value = typeof raw === "string" && /^\d+$/.test(raw) ? Number(raw) : raw;
      return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
        ? good(value)
        : bad(raw, `a whole number from ${least} to ${most}`);
    },
    format: String,
  };
}

/** A part of the day. */
export const timeWindow: ValueType<TimeWindow> = {
  name: "time window",
  parse(raw) {
    const value = typeof raw === "string" ? parseTimeWindow(raw) : null;
    return value === null ? bad(raw, 'a time of day such as "01:00-06:30"') : good(value);
  },
  format: (value) => tomlString(formatTimeWindow(value)),
};

/** Like `list`, but may be empty. */
export function listOrNone(item: ValueType<string>, what: string): ValueType<readonly string[]> {
  const some = list(item, what);
  return {
    ...some,
    parse: (raw, workingDirectory) =>
      Array.isArray(raw) && raw.length === 0 ? good([]) : some.parse(raw, workingDirectory),
  };
}

function plural(noun: string): string {
  return /s$/.test(noun) ? `${noun}es` : `${noun.replace(/y$/, "ie")}s`;
}

/** A list without duplicates; `what` is expected if there is none or it is empty. */
export function list(item: ValueType<string>, what: string): ValueType<readonly string[]> {
  return {
    name: `list of ${plural(item.name)}`,
    split: (text) => text.split(",").map((each) => each.trim()),
    parse(raw, workingDirectory) {
      if (!Array.isArray(raw) || raw.length === 0) return bad(raw, what);
      const values: string[] = [];
      const faults: Fault[] = [];
      for (const each of raw) {
        const parsed = item.parse(each, workingDirectory);
        if (!parsed.ok) faults.push(...parsed.faults);
        else if (!values.includes(parsed.value)) values.push(parsed.value);
        else faults.push({ found: `${describeValue(each)} twice`, expected: "it once" });
      }
      return faults.length === 0 ? good(values) : { ok: false, faults };
    },
    format: (values) => `[${values.map((value) => item.format(value)).join(", ")}]`,
  };
}
