const MAX_BYTES = 64 * 1024;

/** The end of a program's output, from which its failure is classified. */
export class OutputTail {
  #pieces: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice(-MAX_BYTES));
    this.#length += Math.min(bytes.length, MAX_BYTES);
    while (this.#length - this.#pieces[0]!.length >= MAX_BYTES) {
      this.#length -= this.#pieces.shift()!.length;
    }
  }

  get text(): string {
    const decoder = new TextDecoder();
    return this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
  }
}
