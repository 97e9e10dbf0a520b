import type { Screen } from "./output.ts";

/** Moves up to the beginning of a line and erases everything below (ECMA-48 CPL, ED). */
const rewind = (lines: number) => `\x1b[${lines}F\x1b[J`;

/** Colours, which take no space on the screen. */
// deno-lint-ignore no-control-regex -- the escape character is meant
const COLORS = /\x1b\[[0-9;]*m/g;

/** The last lines on a terminal, which can be redrawn. */
export class LiveRegion {
  readonly #screen: Screen;
  #drawnLines = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces the last drawing. Lines that do not fit on the screen are left out. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#screen;
    const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns - 1));
    const before = this.#drawnLines === 0 ? "" : rewind(this.#drawnLines);
    this.#screen.draw(before + shown.map((line) => `${line}\n`).join(""));
    this.#drawnLines = shown.length;
  }

  /** Keeps the last drawing; the next one goes below it. */
  keep(): void {
    this.#drawnLines = 0;
  }
}

/** Shortens a line so that the terminal does not wrap it, which would make it two lines. */
function cut(line: string, columns: number): string {
  const plain = line.replace(COLORS, "");
  return plain.length <= columns ? line : plain.slice(0, Math.max(0, columns));
}
