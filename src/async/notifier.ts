/** Wakes everyone who is waiting for the next change. */
export class Notifier {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next `notify`. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Wakes current waiters; a later call of `next` waits for the next time. */
  notify(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }
}
