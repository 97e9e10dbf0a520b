import { configureLogging } from "../../src/platform/observability/logging.ts";
import { Waiters } from "./waiters.ts";

/** Captures everything logged from its construction on, at level debug and above. */
export class LogLines {
  readonly lines: string[] = [];
  readonly #waiters = new Waiters();

  constructor(secrets: readonly string[] = []) {
    configureLogging({
      level: "debug",
      format: "text",
      secrets,
      write: (line) => {
        this.lines.push(line);
        this.#waiters.notify();
      },
    });
  }

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line));
  }

  /** Resolves once `count` lines match, counting those already there. */
  waitFor(pattern: RegExp, count = 1): Promise<void> {
    return this.#waiters.until(() => this.matching(pattern).length >= count);
  }
}
