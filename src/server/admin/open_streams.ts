/** As many as a household has tabs, and few enough to make all of their pages again each second. */
const MAX_STREAMS = 32;

/** The streams that keep open pages current. */
export class OpenStreams {
  readonly #streams = new Set<() => void>();
  #isClosed = false;

  get count(): number {
    return this.#streams.size;
  }

  /** Adds a stream by what ends it. Returns what removes it again; null if there are too many. */
  add(end: () => void): (() => void) | null {
    if (this.#isClosed || this.#streams.size >= MAX_STREAMS) return null;
    this.#streams.add(end);
    return () => this.#streams.delete(end);
  }

  /** Ends all of them, now and for good. */
  close(): void {
    this.#isClosed = true;
    for (const end of [...this.#streams]) end();
    this.#streams.clear();
  }
}
