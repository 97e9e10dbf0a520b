import type { LogRecord } from "@logtape/logtape";
import { remembered } from "../remembered.ts";
import type { Redaction } from "./redaction.ts";

/**
 * Characters that end or rewrite a line on a terminal or in a log viewer, or that are invisible.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Most texts; they contain nothing to escape. */
const VISIBLE_ASCII = /^[\x20-\x7e]*$/;

/** Values that need no quotes: visible ASCII without quotes, equals signs and backslashes. */
const BARE = /^[\x21\x23-\x3c\x3e-\x5b\x5d-\x7e]+$/;

const RESERVED_NAMES = ["time", "level", "logger", "message"];

/** How lines are formatted: a head, then properties. */
export interface LineFormat {
  /** Time, level and message. */
  head(record: LogRecord, redaction: Redaction): string;
  /** Properties, to be appended to a head or to other properties. */
  fields(properties: Properties, redaction: Redaction): string;
  /** What ends the line. */
  readonly end: string;
}

type Properties = Readonly<Record<string, unknown>>;

/** `2026-11-23T02:00:00.000Z INFO message key=value other="a value"` */
export const TEXT_LINES: LineFormat = {
  head: (record, redaction) => `${timeOf(record)} ${untimedHead(record, redaction)}`,
  fields: (properties, redaction) => {
    let text = "";
    for (const name in properties) {
      const value = properties[name];
      if (value === undefined) continue;
      const shown = textOf(redaction.value(name, value));
      text += ` ${quotedOnce(name)}=${typeof value === "number" ? shown : quotedOnce(shown)}`;
    }
    return text;
  },
  end: "",
};

/** Priorities of syslog(3). */
const PRIORITIES: Readonly<Record<LogRecord["level"], number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warning: 4,
  error: 3,
  fatal: 2,
};

/**
 * A format for the journal, which reads a line's priority from its beginning (sd-daemon(3)) and
 * adds the time itself.
 */
export function journalLines(format: LineFormat): LineFormat {
  const { head } = format === TEXT_LINES ? { head: untimedHead } : format;
  return {
    ...format,
    head: (record, redaction) => `<${PRIORITIES[record.level]}>${head(record, redaction)}`,
  };
}

/**
 * One JSON object with `time` (ISO 8601), `level`, `logger` (the category, joined by dots),
 * `message` and the properties. Properties with one of these names are prefixed with `_`.
 */
export const JSON_LINES: LineFormat = {
  head: (record, redaction) => {
    const { level, category } = record;
    const message = messageOf(record, redaction);
    const head = { time: timeOf(record), level, logger: category.join("."), message };
    return escaped(JSON.stringify(head).slice(0, -1));
  },
  fields: (properties, redaction) => {
    const fields = Object.entries(properties)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        RESERVED_NAMES.includes(name) ? `_${name}` : name,
        redaction.value(name, value),
      ]);
    if (fields.length === 0) return "";
    return `,${escaped(JSON.stringify(Object.fromEntries(fields)).slice(1, -1))}`;
  },
  end: "}",
};

/** The line of a record, without line feed. */
export function lineOf(format: LineFormat, record: LogRecord, redaction: Redaction): string {
  return format.head(record, redaction) + format.fields(record.properties, redaction) + format.end;
}

function untimedHead(record: LogRecord, redaction: Redaction): string {
  return `${record.level.toUpperCase()} ${escaped(messageOf(record, redaction))}`;
}

let latest = { timestamp: NaN, text: "" };

/** Many records share a millisecond. */
function timeOf({ timestamp }: LogRecord): string {
  if (latest.timestamp !== timestamp) {
    latest = { timestamp, text: new Date(timestamp).toISOString() };
  }
  return latest.text;
}

/** LogTape alternates text and interpolated values: parts with an odd index are values. */
function messageOf(record: LogRecord, redaction: Redaction): string {
  return redaction.text(
    record.message.map((part, index) =>
      index % 2 === 0 ? String(part) : quoted(textOf(redaction.value("", part)))
    ).join(""),
  );
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function quoted(text: string): string {
  return BARE.test(text) ? text : escaped(JSON.stringify(text));
}

const quotedOnce = remembered(quoted);

function escaped(text: string): string {
  if (VISIBLE_ASCII.test(text)) return text;
  return text.replace(INVISIBLE, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
