import { setImmediate } from "node:timers/promises";

/**
 * The runtime checks sockets when nothing is left to run, or after 61 polls of its tasks (tokio's
 * `event_interval`), and an immediate is one poll. All of these together take a tenth of a
 * millisecond; a timer would be idle for two.
 */
const POLLS = 64;

/**
 * Lets timers and I/O of the rest of the program run. Decoders proceed by promises alone, which
 * would block everything else until a whole archive is decoded.
 */
export async function eventLoopTurn(): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) await setImmediate();
}
