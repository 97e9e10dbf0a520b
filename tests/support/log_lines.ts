import { configureLogging } from "../../src/platform/observability/logging.ts";

/** Everything that is logged from its making on, and the means to wait for it. */
export class LogLines {
  readonly lines: string[] = [];
  readonly #waiting = new Set<{ isDue: () => boolean; resolve: () => void }>();

  constructor(secrets: readonly string[] = []) {
    configureLogging({
      level: "debug",
      format: "text",
      secrets,
      write: (line) => {
        this.lines.push(line);
        for (const waiter of this.#waiting) {
          if (!waiter.isDue()) continue;
          this.#waiting.delete(waiter);
          waiter.resolve();
        }
      },
    });
  }

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line));
  }

  /** Resolves once `count` lines match, earlier ones included. */
  waitFor(pattern: RegExp, count = 1): Promise<void> {
    const isDue = () => this.matching(pattern).length >= count;
    if (isDue()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ isDue, resolve });
    return promise;
  }
}
