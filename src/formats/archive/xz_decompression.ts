import xz from "xz-decompress";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";

/** The largest xz file that is read, and the largest content of one. */
export const MAX_XZ_BYTES = 128 * 1024 * 1024;

const PIECE_BYTES = 16 * 1024;

/**
 * Decompresses an xz file of any number of streams. File and content are held in memory: the
 * decoder works on one file at a time in the whole process, so it must never wait for a slow source
 * or reader. That is affordable, because no distribution publishes xz databases; repo-add merely
 * can write them.
 *
 * @throws {PkgstashError} of kind "content" if the file is damaged or cut short, or if its content
 * exceeds {@linkcode MAX_XZ_BYTES} or what `limitNow` returns once the whole file is read.
 */
export async function* unxz(
  input: AsyncIterable<Uint8Array>,
  limitNow: () => number,
): AsyncGenerator<Uint8Array> {
  const pieces = await collect(input);
  yield* await decode(pieces, Math.min(limitNow(), MAX_XZ_BYTES));
}

async function collect(input: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    length += chunk.length;
    if (length > MAX_XZ_BYTES) throw tooLarge("the file", MAX_XZ_BYTES);
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      pieces.push(chunk.subarray(start, start + PIECE_BYTES));
    }
  }
  return pieces;
}

async function decode(pieces: readonly Uint8Array[], limit: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = new xz.XzReadableStream(ReadableStream.from(pieces)).getReader();
  while (true) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw new PkgstashError(
        "content",
        "Cannot decompress an xz archive: it is cut short, damaged or of an unknown variant " +
          `(${reasonOf(error)}).`,
        { cause: error },
      );
    });
    if (done) return chunks;
    chunks.push(value);
    length += value.length;
    if (length > limit) {
      // Only when idle, between two reads, does the decoder free its memory and let the next file
      // in.
      await reader.cancel();
      throw tooLarge("its content", limit);
    }
    await eventLoopTurn();
  }
}

function tooLarge(what: string, limit: number): PkgstashError {
  return new PkgstashError(
    "content",
    `Cannot decompress an xz archive: ${what} has more than ${limit} bytes.`,
  );
}
