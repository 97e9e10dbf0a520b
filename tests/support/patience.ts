import { deadline } from "@std/async/deadline";

/** A timeout that must not pass in a test: no machine is too busy for it. */
export const PATIENT_MS = 60_000;

/**
 * What must happen by itself, and not because a timeout of `PATIENT_MS` has passed.
 * @throws {DOMException} `TimeoutError` if it takes half as long.
 */
export function beforeTimeouts<T>(promise: Promise<T>): Promise<T> {
  return deadline(promise, PATIENT_MS / 2);
}
