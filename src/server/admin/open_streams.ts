/** Enough for the tabs of a household, few enough to render all of them twice a second. */
const MAX_STREAMS = 32;

/** The streams that update open pages. */
export class OpenStreams {
  readonly #streams = new Set<() => void>();
  #isClosed = false;

  get count(): number {
    return this.#streams.size;
  }

  /**
   * Registers a function that ends a stream. Returns one that unregisters it; null at the limit.
   */
  add(end: () => void): (() => void) | null {
    if (this.#isClosed || this.#streams.size >= MAX_STREAMS) return null;
    this.#streams.add(end);
    return () => this.#streams.delete(end);
  }

  /** Ends all streams and refuses new ones. */
  close(): void {
    this.#isClosed = true;
    for (const end of [...this.#streams]) end();
    this.#streams.clear();
  }
}
