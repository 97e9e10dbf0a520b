import { delay } from "@std/async/delay";

/** A source of time that tests can replace, so that they need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a monotonic clock. */
  monotonic(): number;
  /** Resolves after the time is over, or when the signal is aborted; never rejects. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // Only the signal makes it reject.
  sleep: (milliseconds, signal) => delay(milliseconds, { signal }).catch(() => {}),
};
