/**
 * Waits until a condition on another process holds (a file has grown, a port answers), looking
 * every few milliseconds since such a change sends no event.
 * @param what the condition in words, for the error.
 * @param deadline milliseconds before it counts as failed.
 * @throws {Error} when the deadline passes.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadline = 30_000,
): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${deadline} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
