import { setImmediate } from "node:timers/promises";

/**
 * Lets timers and input/output of the rest of the program go first. Decoding work reaches its next
 * step by promises alone, which would keep everything else waiting until the whole archive is done.
 */
export async function eventLoopTurn(): Promise<void> {
  await setImmediate();
}
