/** What a `PeriodicTask` runs, and when. */
export interface PeriodicTaskOptions {
  /** Time from the end of one run to the start of the next. */
  intervalMs: number;
  /** Time to the start of the first run; the interval by default. */
  firstMs?: number;
  /** Maximum random delay added to each wait. */
  jitterMs: number;
  /** Must not reject. */
  run: () => Promise<void>;
  /** Returns a number from 0 to below 1. */
  random?: () => number;
}

/** 2^31 - 1: a timer with a longer delay fires at once, so a longer wait takes several. */
const MAX_DELAY_MS = 2_147_483_647;

/** Runs a task periodically, never twice at the same time, until disposed. */
export class PeriodicTask implements AsyncDisposable {
  readonly #options: PeriodicTaskOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #nextAt: number | null = null;

  constructor(options: PeriodicTaskOptions) {
    this.#options = options;
    this.#schedule(options.firstMs ?? options.intervalMs);
  }

  /** When the next run begins, in milliseconds since the epoch; null while one is running. */
  get nextAt(): number | null {
    return this.#nextAt;
  }

  /** Cancels the next run, and waits for the current one to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    const { jitterMs, random = Math.random } = this.#options;
    const waitMs = delayMs + jitterMs * random();
    this.#nextAt = Date.now() + waitMs;
    this.#wait(waitMs);
  }

  #wait(delayMs: number): void {
    const { intervalMs, run } = this.#options;
    this.#timer = delayMs > MAX_DELAY_MS
      ? setTimeout(() => this.#wait(delayMs - MAX_DELAY_MS), MAX_DELAY_MS)
      : setTimeout(() => {
        this.#nextAt = null;
        this.#running = run().finally(() => this.#schedule(intervalMs));
      }, delayMs);
  }
}
