/** Where a command writes: results to `out`, everything else to `err`. Both add a newline. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether results may have colours. Default: false. */
  readonly color?: boolean;
  /** The terminal, if results go to one. */
  readonly screen?: Screen;
}

/** A terminal to draw on. */
export interface Screen {
  /** Writes text without a newline. */
  draw(text: string): void;
  /** Width in characters. */
  readonly columns: number;
  /** Height in lines. */
  readonly rows: number;
}

const encoder = new TextEncoder();

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  for (let written = 0; written < bytes.length;) {
    written += stream.writeSync(bytes.subarray(written));
  }
}

const screen: Screen = {
  draw: (text) => write(Deno.stdout, text),
  get columns() {
    return Deno.consoleSize().columns;
  },
  get rows() {
    return Deno.consoleSize().rows;
  },
};

/** Standard output and standard error. */
export const terminal: Output = {
  out: (text) => write(Deno.stdout, `${text}\n`),
  err: (text) => write(Deno.stderr, `${text}\n`),
  // Deno reads NO_COLOR (no-color.org) without the env permission.
  ...(Deno.stdout.isTerminal() ? { screen, color: !Deno.noColor } : {}),
};
