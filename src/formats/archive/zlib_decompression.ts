import type { Transform } from "node:stream";
import { feed } from "./archive_input.ts";

/**
 * Decompresses with a transform of node:zlib. Reads a chunk of the input only when the transform
 * has room for it. Leaving the iteration early destroys the transform.
 */
export async function* throughZlib(
  input: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  void feed(input, transform);
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } finally {
    transform.destroy();
  }
}
