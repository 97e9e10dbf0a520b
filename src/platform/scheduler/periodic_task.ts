export interface PeriodicTaskOptions {
  /** Milliseconds from the end of one run to the beginning of the next. */
  interval: number;
  /** Milliseconds to the beginning of the first one; the interval unless given. */
  first?: number;
  /** Milliseconds by which each is put off at random, at most. */
  jitter: number;
  run: () => Promise<void>;
  random?: () => number;
}

/** A longer one would end at once: 2^31 - 1 ms. */
const LONGEST_DELAY = 2_147_483_647;

/** Does something again and again, never twice at once; it must not throw. */
export class PeriodicTask implements AsyncDisposable {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly options: PeriodicTaskOptions) {
    this.#plan(options.first ?? options.interval);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(delay: number): void {
    if (this.#stopped) return;
    const { interval, jitter, run, random = Math.random } = this.options;
    this.#timer = setTimeout(() => {
      this.#running = run().finally(() => this.#plan(interval));
    }, Math.min(LONGEST_DELAY, delay + jitter * random()));
  }
}
