/** Where a command writes: results to `out`, everything else to `err`; each text gets a newline. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether results may have colours; they may not unless it says so. */
  readonly color?: boolean;
  /** What is there when results go to a terminal. */
  readonly screen?: Screen;
}

/** A terminal that texts are drawn on. */
export interface Screen {
  /** Writes a text as it stands. */
  draw(text: string): void;
  /** How many characters a line has. */
  readonly columns: number;
  /** How many lines there are. */
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
  // NO_COLOR is known without the right to read the environment (no-color.org).
  ...(Deno.stdout.isTerminal() ? { screen, color: !Deno.noColor } : {}),
};
