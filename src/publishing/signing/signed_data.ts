import { createHash, type Hash } from "node:crypto";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import type { SignedData } from "./signer.ts";

/** Bytes to hash in one turn of the event loop: about a millisecond of work. */
const SLICE_BYTES = 512 * 1024;

/** Hashes data with an algorithm of `node:crypto`, yielding to the event loop between slices. */
export async function hashOf(data: SignedData, algorithm: string): Promise<Hash> {
  const hash = createHash(algorithm);
  if (typeof data === "string") {
    using file = await Deno.open(data);
    const buffer = new Uint8Array(SLICE_BYTES);
    for (let count; (count = await file.read(buffer)) !== null;) {
      hash.update(buffer.subarray(0, count));
    }
    return hash;
  }
  for (let at = 0; at < data.length; at += SLICE_BYTES) {
    if (at > 0) await eventLoopTurn();
    hash.update(data.subarray(at, at + SLICE_BYTES));
  }
  return hash;
}
