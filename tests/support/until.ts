import { delay } from "@std/async/delay";

const POLL_INTERVAL_MS = 10;

/**
 * Waits for a condition on another process (a file has grown, a port accepts connections). Polls,
 * because such changes raise no event here; within this process, wait for an event instead.
 * @param what the condition in words, for the error.
 * @throws {Error} when the condition does not hold within `timeoutMs`.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 120_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}.`);
    await delay(POLL_INTERVAL_MS);
  }
}
