import { createZstdDecompress } from "node:zlib";
import { PkgstashError } from "../../errors.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { throughZlib } from "./zlib_decompression.ts";
import { type ZstdFramePart, ZstdFrames } from "./zstd_frames.ts";

/** More frames than a file split at every 64 KiB has; each costs a decompressor. */
const MAX_FRAMES = 50_000;

/**
 * Decompresses a zstd file of any number of frames, each by a decompressor of its own.
 *
 * @throws {PkgstashError} kind "content", when the file ends inside a frame or has too many.
 */
export async function* unzstd(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parts = framesOf(input);
  for (let frames = 0; frames < MAX_FRAMES; frames++) {
    const first = await parts.next();
    if (first.done) return;
    // Frames without content give no chunk at which anybody else would wait.
    await eventLoopTurn();
    yield* throughZlib(
      oneFrame(first.value, parts),
      createZstdDecompress({ chunkSize: 64 * 1024 }),
    );
  }
  throw new PkgstashError(
    "content",
    `Cannot decompress a zstd archive: it has more than ${MAX_FRAMES} frames`,
  );
}

async function* framesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdFramePart> {
  const frames = new ZstdFrames();
  for await (const chunk of input) yield* frames.push(chunk);
  if (!frames.isComplete) {
    throw new PkgstashError("content", "Cannot decompress a zstd archive: it ends inside a frame");
  }
}

async function* oneFrame(
  first: ZstdFramePart,
  rest: AsyncGenerator<ZstdFramePart>,
): AsyncGenerator<Uint8Array> {
  yield first.bytes;
  let { last } = first;
  while (!last) {
    const next = await rest.next();
    if (next.done) return;
    yield next.value.bytes;
    last = next.value.last;
  }
}
