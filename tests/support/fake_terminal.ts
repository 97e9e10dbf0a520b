import type { Output, Screen } from "../../src/cli/output.ts";

/** A terminal of 24 lines, by default 80 wide, that remembers what was drawn on it, and all that was printed. */
export class FakeTerminal implements Output, Screen {
  readonly rows = 24;
  readonly screen: Screen = this;
  readonly drawings: string[] = [];
  printed = "";
  errors = "";
  readonly columns: number;
  readonly #waiting = new Set<{ pattern: RegExp; resolve: () => void }>();

  constructor(columns = 80) {
    this.columns = columns;
  }

  draw(text: string): void {
    this.drawings.push(text);
    for (const waiter of this.#waiting) {
      if (!waiter.pattern.test(text)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  out(text: string): void {
    this.printed += `${text}\n`;
  }

  err(text: string): void {
    this.errors += `${text}\n`;
  }

  /** Resolves with the next drawing that matches. */
  drawn(pattern: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ pattern, resolve });
    return promise;
  }
}
