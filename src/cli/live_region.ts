import type { Screen } from "./output.ts";

/** Moves up by lines and erases everything below (ECMA-48 CPL, ED). */
const rewind = (lines: number) => `\x1b[${lines}F\x1b[J`;

/** Colour sequences, which have no width. */
// deno-lint-ignore no-control-regex -- the escape character is meant
const COLORS = /\x1b\[[0-9;]*m/g;

/** The last lines of a terminal, which can be redrawn. */
export class LiveRegion {
  readonly #screen: Screen;
  /** The widths of the lines drawn last. */
  #drawn: readonly number[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces the last drawing. Lines beyond the screen are left out. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#screen;
    const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns - 1));
    // If the terminal has become narrower, it has wrapped them.
    const height = this.#drawn.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))),
      0,
    );
    const before = height === 0 ? "" : rewind(height);
    this.#screen.draw(before + shown.map((line) => `${line}\n`).join(""));
    this.#drawn = shown.map((line) => plainOf(line).length);
  }

  /** Keeps the last drawing; the next one goes below it. */
  keep(): void {
    this.#drawn = [];
  }
}

function plainOf(line: string): string {
  return line.replace(COLORS, "");
}

/** Shortens a line so that the terminal does not wrap it. A shortened line has no colours. */
function cut(line: string, columns: number): string {
  const plain = plainOf(line);
  return plain.length <= columns ? line : plain.slice(0, Math.max(0, columns));
}
