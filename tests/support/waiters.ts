/** Promises that wait for conditions on an object, which calls `notify` after every change. */
export class Waiters {
  readonly #waiting = new Set<{ isDue: () => boolean; resolve: () => void }>();

  /** Resolves once `isDue` returns true: at once, or after a later change. */
  until(isDue: () => boolean): Promise<void> {
    if (isDue()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ isDue, resolve });
    return promise;
  }

  notify(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.isDue()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }
}
