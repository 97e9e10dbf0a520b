import { setImmediate } from "node:timers/promises";

/**
 * Lets timers and I/O of the rest of the program run. Decoders go from step to step by promises
 * alone, which would keep everything else waiting until a whole archive is decoded.
 */
export async function eventLoopTurn(): Promise<void> {
  await setImmediate();
}
