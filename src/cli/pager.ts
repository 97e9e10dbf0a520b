import type { Output } from "./output.ts";

export interface Keyboard {
  /** The next key, or null at the end of the input. */
  next(): Promise<string | null>;
}

/** The keys of the terminal; null if standard input is not one. */
export function terminalKeyboard(): Keyboard | null {
  if (!Deno.stdin.isTerminal()) return null;
  return {
    async next() {
      const bytes = new Uint8Array(16);
      Deno.stdin.setRaw(true, { cbreak: true });
      try {
        const read = await Deno.stdin.read(bytes);
        return read === null ? null : new TextDecoder().decode(bytes.subarray(0, read));
      } finally {
        Deno.stdin.setRaw(false);
      }
    },
  };
}

/**
 * Prints text one screen at a time if both output and input are a terminal: q quits, any other key
 * continues. Otherwise prints everything at once.
 */
export async function printPaged(
  text: string,
  output: Output,
  keyboard: Keyboard | null = terminalKeyboard(),
): Promise<void> {
  const { screen } = output;
  const lines = text.split("\n");
  if (screen === undefined || keyboard === null || lines.length < screen.rows) {
    return output.out(text);
  }
  let at = 0;
  while (at < lines.length) {
    const end = Math.min(lines.length, at + Math.max(1, screen.rows - 1));
    output.out(lines.slice(at, end).join("\n"));
    at = end;
    if (at === lines.length) return;
    screen.draw(`-- ${at} of ${lines.length} lines; any key for more, q to quit --`);
    const key = await keyboard.next();
    screen.draw("\r\x1b[K");
    if (key === null || key === "q" || key === "\x03") return;
  }
}
