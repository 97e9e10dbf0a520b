/** Runs asynchronous work one piece at a time, in the order of the calls. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when everything before it has ended, whether it succeeded or failed. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when all work added before this call has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
