/**
 * Writes lines to the standard output, each at once. A line that cannot be written, because nobody
 * reads any more or the disk is full, is lost: the program has better things to do than to fail.
 */
export class StdoutLines {
  #isTorn = false;

  write(line: string): void {
    const bytes = new TextEncoder().encode(`${this.#isTorn ? "\n" : ""}${line}\n`);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += Deno.stdout.writeSync(bytes.subarray(written));
      }
      this.#isTorn = false;
    } catch {
      // The next line must not continue the piece that got out.
      if (written > 0) this.#isTorn = true;
    }
  }
}
