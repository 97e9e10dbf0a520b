/** Where a command writes: results to `out`, everything else to `err`. Each adds a newline. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether results may have colours; they may not by default. */
  readonly color?: boolean;
  /** The terminal that results go to, if they do. */
  readonly screen?: Screen;
}

/** A terminal to draw on. */
export interface Screen {
  /** Writes text as it is. */
  draw(text: string): void;
  /** Characters in a line. */
  readonly columns: number;
  /** Lines on the screen. */
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
  // Deno reads NO_COLOR (no-color.org) without permission for the environment.
  ...(Deno.stdout.isTerminal() ? { screen, color: !Deno.noColor } : {}),
};
