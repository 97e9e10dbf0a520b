/** Work that nobody awaits, but that must end before its owner does. */
export class BackgroundWork {
  readonly #running = new Set<Promise<void>>();
  readonly #onFailure: (failure: string, error: unknown) => void;

  /** `onFailure` gets what was said to fail, and the error. It must not throw. */
  constructor(onFailure: (failure: string, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /**
   * Keeps `work` until it ends. The promise returned resolves then, and never rejects: a failure
   * is reported as `failure`, e.g. "cannot record the file".
   */
  add(failure: string, work: Promise<void>): Promise<void> {
    const done: Promise<void> = work
      .catch((error) => this.#onFailure(failure, error))
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
    return done;
  }

  /** Resolves when nothing is running, work that was added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
