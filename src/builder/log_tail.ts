import { concat } from "@std/bytes/concat";

export const LINE_FEED = 0x0a;

/** The end of a log that is above the limit. */
export class LogTail {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  /** Total size of the parts. */
  #size = 0;
  #leftOut = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    // Parts are joined now and then: a build may print line by line.
    if (this.#size > 2 * this.#maxBytes) this.#shorten();
  }

  /** Whole lines of the end, after one that says how much is omitted; empty if nothing is. */
  take(): Uint8Array {
    if (this.#size + this.#leftOut === 0) return new Uint8Array(0);
    const lastBytes = this.#shorten();
    const start = this.#leftOut === 0 ? 0 : lastBytes.indexOf(LINE_FEED) + 1;
    const note = `==> ${this.#leftOut + start} bytes are omitted here.\n`;
    return concat([new TextEncoder().encode(note), lastBytes.subarray(start)]);
  }

  #shorten(): Uint8Array {
    const all = concat(this.#parts);
    const last = all.subarray(Math.max(0, all.length - this.#maxBytes));
    this.#leftOut += all.length - last.length;
    this.#parts = [last];
    this.#size = last.length;
    return last;
  }
}
