/** Sequences that colour text, move the cursor (ECMA-48) or set the title of a terminal. */
// deno-lint-ignore no-control-regex
const SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]/g;
/** Characters that move the cursor, are invisible or reorder visible ones. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Longer lines are split. */
const MAX_LINE_LENGTH = 16_384;

/**
 * Makes the output of a build safe for terminals and files: lines of visible text. Colours are
 * removed, a carriage return ends a line, and other characters that could deceive a reader become
 * `\u{...}`.
 */
export class LogText {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The complete lines, each with its line feed. */
  add(bytes: Uint8Array): string {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const lines = this.#rest.split(/\r*\n|\r+(?=[^\r\n])/);
    this.#rest = lines.pop() ?? "";
    while (this.#rest.length > MAX_LINE_LENGTH) {
      lines.push(this.#rest.slice(0, MAX_LINE_LENGTH));
      this.#rest = this.#rest.slice(MAX_LINE_LENGTH);
    }
    return lines.map((line) => `${visibleLine(line)}\n`).join("");
  }

  /** The last line, if it has no line feed. */
  finish(): string {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = "";
    return rest === "" ? "" : `${visibleLine(rest)}\n`;
  }
}

function visibleLine(line: string): string {
  return line.replace(SEQUENCES, "").replace(INVISIBLE, (character) => {
    if (character === "\t") return character;
    return `\\u{${character.codePointAt(0)?.toString(16).padStart(4, "0")}}`;
  });
}
