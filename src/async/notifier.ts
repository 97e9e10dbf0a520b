/** Wakes everyone who waits for the next change of something. */
export class Notifier {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next `notify`. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Wakes those who wait now; who asks for `next` from here on waits for the next time. */
  notify(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }
}
