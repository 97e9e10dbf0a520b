import type { Transform } from "node:stream";

/**
 * Sends bytes through one of node:zlib's decompressors. It may be left at any time: the transform is
 * then destroyed. A chunk is read from the input only when the transform has room.
 */
export async function* throughZlib(
  input: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  // Failures arrive through the iteration below, those of the input too.
  transform.on("error", () => {});
  void feed(input, transform);
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } finally {
    transform.destroy();
  }
}

async function feed(input: AsyncIterable<Uint8Array>, transform: Transform): Promise<void> {
  let wake = () => {};
  transform.on("drain", () => wake());
  transform.on("close", () => wake());
  try {
    for await (const chunk of input) {
      if (transform.destroyed) return;
      if (!transform.write(chunk)) await new Promise<void>((resolve) => wake = resolve);
      if (transform.destroyed) return;
    }
    transform.end();
  } catch (error) {
    transform.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
