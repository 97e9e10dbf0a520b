import { configureSync, getConfig, getLogger, type Logger } from "@logtape/logtape";
import type { LogLevel } from "../../log_level.ts";
import { jsonLine, textLine } from "./log_line.ts";
import { Redaction } from "./redaction.ts";

const ROOT = "pkgstash";

/** How a log record is written: for people or for machines. */
export type LogFormat = "text" | "json";

/** What is logged, and how. */
export interface LoggingOptions {
  /** The least severe level that is written. */
  level: LogLevel;
  format: LogFormat;
  /** Texts that must never be written, the administrator's token above all. */
  secrets?: readonly string[];
  /** Takes each line, without its line feed; by default it goes to the standard output. */
  write?: (line: string) => void;
}

/** Starts logging, or changes how it is done. Before this nothing is logged. */
export function configureLogging(options: LoggingOptions): void {
  const redaction = new Redaction(options.secrets);
  const line = options.format === "json" ? jsonLine : textLine;
  const stdout = new StdoutLines();
  const write = options.write ?? ((text) => stdout.write(text));
  apply(options.level, { lines: (record) => write(line(record, redaction)) });
}

/** Changes the level of everything that is logged from now on. */
export function setLogLevel(level: LogLevel): void {
  apply(level, getConfig()?.sinks ?? {});
}

/** The level in force; "info" as long as none was set. */
export function currentLogLevel(): LogLevel {
  const level = getConfig()?.loggers.find(({ category }) => category[0] === ROOT)?.lowestLevel;
  return (level ?? "info") as LogLevel;
}

/** The logger of the events of one part of the program, e.g. "mirror". */
export function eventLogger(part: string): Logger {
  return getLogger([ROOT, part]);
}

/** The logger of requests that were answered. */
export function accessLogger(): Logger {
  return getLogger([ROOT, "access"]);
}

function apply(level: LogLevel, sinks: Parameters<typeof configureSync>[0]["sinks"]): void {
  configureSync({
    reset: true,
    sinks,
    loggers: [
      { category: [ROOT], lowestLevel: level, sinks: Object.keys(sinks) },
      // The library's words about itself, a failing sink for one, would go to the console.
      { category: ["logtape", "meta"], lowestLevel: null, sinks: [] },
    ],
  });
}

/**
 * Writes lines to the standard output, each at once. A line that cannot be written, because nobody
 * reads any more or the disk is full, is lost: the program has better things to do than to fail.
 */
export class StdoutLines {
  #isTorn = false;

  write(line: string): void {
    const bytes = new TextEncoder().encode(`${this.#isTorn ? "\n" : ""}${line}\n`);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += Deno.stdout.writeSync(bytes.subarray(written));
      }
      this.#isTorn = false;
    } catch {
      // The next line must not continue the piece that got out.
      if (written > 0) this.#isTorn = true;
    }
  }
}
