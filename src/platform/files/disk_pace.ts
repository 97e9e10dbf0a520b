import { isAbsence, lstatIfPresent } from "./durable.ts";

/** A call that takes this long shows that the disk is busy. */
const SLOW_MS = 25;
/** After a slow call, calls are made in the background for this long. */
const CAUTIOUS_MS = 1_000;

/** Until when calls are made in the background; for all files, because they share the disk. */
let cautiousUntil = 0;

/**
 * Whether calls may be made in the event loop at `now`, in milliseconds of a monotonic clock. They
 * take microseconds while the kernel has the data in memory, a fraction of the cost of the threads
 * for a call in the background.
 */
export function isDiskQuick(now: number): boolean {
  return now >= cautiousUntil;
}

/** Records how long a call in the event loop took. */
export function recordDiskCall(begunAt: number, endedAt: number): void {
  if (endedAt - begunAt >= SLOW_MS) cautiousUntil = endedAt + CAUTIOUS_MS;
}

/** Like `lstatIfPresent`; synchronous while the disk is fast, for callers that check many files. */
export function lookAt(path: string): Deno.FileInfo | null | Promise<Deno.FileInfo | null> {
  const begunAt = performance.now();
  if (!isDiskQuick(begunAt)) return lstatIfPresent(path);
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  } finally {
    recordDiskCall(begunAt, performance.now());
  }
}
