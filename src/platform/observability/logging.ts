import { deadline } from "@std/async/deadline";
import { configureSync, getConfig, getLogger, type Logger } from "@logtape/logtape";
import { LOG_LEVELS, type LogLevel } from "../../log_level.ts";
import { AccessLines, type AccessProperties } from "./access_lines.ts";
import { LineQueue } from "./line_queue.ts";
import { journalLines, JSON_LINES, lineOf, TEXT_LINES } from "./log_line.ts";
import { Redaction } from "./redaction.ts";

const ROOT = "pkgstash";

/** How long the last lines of a process wait for a reader. */
const FLUSH_TIMEOUT_MS = 1_000;

/** There is only one standard output, whatever is configured, and its lines keep their order. */
const stdout = new LineQueue(
  Deno.stdout,
  (count) =>
    eventLogger("log").warn("log lines dropped because the log reader is too slow", { count }),
);

let isAccessLogged = false;
let writeAccess: (groups: readonly AccessProperties[]) => void = () => {};

/** The format of log records: for people or for programs. */
export type LogFormat = "text" | "json";

/** What is logged, and in which format. */
export interface LoggingOptions {
  /** The least severe level that is written. */
  level: LogLevel;
  format: LogFormat;
  /** Whether the journal reads the lines; false by default. */
  isJournal?: boolean;
  /** Texts that must never be written, such as the administrator's token. */
  secrets?: readonly string[];
  /** Called with each line, without line feed; writes to the standard output by default. */
  write?: (line: string) => void;
}

/** Starts logging, or changes its options. Nothing is logged before the first call. */
export function configureLogging(options: LoggingOptions): void {
  const redaction = new Redaction(options.secrets);
  const plain = options.format === "json" ? JSON_LINES : TEXT_LINES;
  const format = options.isJournal ? journalLines(plain) : plain;
  const { write = printLine, write: writePatiently = printAccessLine } = options;
  const accessLines = new AccessLines(format, redaction);
  writeAccess = (groups) => writePatiently(accessLines.line(Date.now(), groups));
  apply(options.level, { lines: (record) => write(lineOf(format, record, redaction)) });
}

/** Prints a line on the standard output, in order with the log. */
export function printLine(line: string): void {
  stdout.add(line);
}

function printAccessLine(line: string): void {
  stdout.addPatient(line);
}

/** Waits until the log is written, but not long for a reader that is stuck. */
export async function flushLog(): Promise<void> {
  await deadline(stdout.flushed(), FLUSH_TIMEOUT_MS).catch(() => {});
}

/** Changes the level, for all loggers and at once. */
export function setLogLevel(level: LogLevel): void {
  apply(level, getConfig()?.sinks ?? {});
}

/** The level in force; "info" before one is set. */
export function currentLogLevel(): LogLevel {
  const level = getConfig()?.loggers.find(({ category }) => category[0] === ROOT)?.lowestLevel;
  return (level ?? "info") as LogLevel;
}

/** The logger for events of one part of the program, such as "mirror". */
export function eventLogger(part: string): Logger {
  return getLogger([ROOT, part]);
}

/**
 * Logs a request at level info, with the properties of all groups. There may be tens of thousands
 * per second, so it bypasses the loggers, and its line waits a moment for others. A frozen group is
 * formatted only once.
 */
export function logAccess(...groups: readonly AccessProperties[]): void {
  if (isAccessLogged) writeAccess(groups);
}

function apply(level: LogLevel, sinks: Parameters<typeof configureSync>[0]["sinks"]): void {
  isAccessLogged = LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf("info");
  configureSync({
    reset: true,
    sinks,
    loggers: [
      { category: [ROOT], lowestLevel: level, sinks: Object.keys(sinks) },
      // Otherwise the library reports its own problems, such as a failing sink, on the console.
      { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
    ],
  });
}
