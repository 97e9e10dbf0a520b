/** Work that nobody awaits, but that must end before its owner does. */
export class BackgroundWork {
  readonly #running = new Set<Promise<void>>();
  readonly #onFailure: (failure: string, error: unknown) => void;

  /** `onFailure` is called with the description of the failed work and its error; it must not throw. */
  constructor(onFailure: (failure: string, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /**
   * Tracks `work` until it ends. The returned promise resolves then and never rejects: a failure is
   * reported as `failure`, such as "cannot record the file".
   */
  add(failure: string, work: Promise<void>): Promise<void> {
    const done: Promise<void> = work
      .catch((error) => this.#onFailure(failure, error))
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
    return done;
  }

  /** Resolves when no work is running, including work that was added during the wait. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
