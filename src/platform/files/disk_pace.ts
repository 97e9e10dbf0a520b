import { isAbsence, lstatIfPresent } from "./durable.ts";

/** A call that takes this long says that the disk is busy. */
const SLOW_MS = 25;
/** For so long after a slow call, calls are made in the background. */
const CAUTIOUS_MS = 1_000;

/** Until when calls are made in the background; of all files, because they share the disk. */
let cautiousUntil = 0;

/**
 * Whether calls may be made in the event loop at `now`, in milliseconds of a monotonic clock. They
 * take microseconds while the kernel has what they want in memory, and a fraction of what the threads
 * of one in the background cost.
 */
export function isDiskQuick(now: number): boolean {
  return now >= cautiousUntil;
}

/** Records how long a call in the event loop took. */
export function recordDiskCall(begunAt: number, endedAt: number): void {
  if (endedAt - begunAt >= SLOW_MS) cautiousUntil = endedAt + CAUTIOUS_MS;
}

/** As `lstatIfPresent`; at once while the disk is quick, for those who look at many files. */
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
