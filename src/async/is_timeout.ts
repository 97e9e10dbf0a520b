/** Whether an error says that a `deadline` or the time of an `AbortSignal.timeout` has passed. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
