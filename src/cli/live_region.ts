import type { Screen } from "./output.ts";

/** Up so many lines, to the first column, and everything below is gone (ECMA-48 CPL, ED). */
const rewind = (lines: number) => `\x1b[${lines}F\x1b[J`;

/** Colour changes, which take no room. */
// deno-lint-ignore no-control-regex -- the escape character is what is looked for
const COLORS = /\x1b\[[0-9;]*m/g;

/** The last lines on a terminal, which are drawn anew as things go on. */
export class LiveRegion {
  #drawn = 0;

  constructor(private readonly screen: Screen) {}

  /** Replaces what was drawn before; what has no room is left out. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.screen;
    const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns - 1));
    const before = this.#drawn === 0 ? "" : rewind(this.#drawn);
    this.screen.draw(before + shown.map((line) => `${line}\n`).join(""));
    this.#drawn = shown.length;
  }

  /** Leaves what is drawn where it is; the next drawing comes below. */
  keep(): void {
    this.#drawn = 0;
  }
}

/** A line that is not wrapped by the terminal: that would be one line more to go up. */
function cut(line: string, columns: number): string {
  const plain = line.replace(COLORS, "");
  return plain.length <= columns ? line : plain.slice(0, Math.max(0, columns));
}
