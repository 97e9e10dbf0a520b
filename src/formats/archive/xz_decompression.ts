import * as xz from "xz-decompress";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { TimeSlice } from "../../async/time_slice.ts";

/**
 * The largest xz file, and the largest content, from a source that may be slow. Other files may
 * have any size.
 */
export const MAX_XZ_BYTES = 128 * 1024 * 1024;

// The package is CommonJS. Whether its class is an export or a member of the default export depends
// on the loader: a bundler, or Deno.
const { XzReadableStream } = "XzReadableStream" in xz
  ? xz
  : (xz as { default: typeof import("xz-decompress") }).default;

const PIECE_BYTES = 16 * 1024;

/**
 * Decompresses an xz file with any number of streams. The decoder handles one file at a time in the
 * whole process, so it must never wait for a slow source or reader: file and content are held in
 * memory, unless `isLocal` says that neither is slow. Then memory use depends only on the
 * dictionary.
 *
 * @throws {PkgstashError} of kind "content" if the file is damaged or truncated, or, if it is not
 * local, if its content exceeds {@linkcode MAX_XZ_BYTES} or what `limitNow` returns once the whole
 * file is read.
 */
export async function* unxz(
  input: AsyncIterable<Uint8Array>,
  limitNow: () => number,
  { isLocal = false }: { isLocal?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  if (isLocal) return yield* decodeAsRead(input);
  const pieces = await collect(input);
  yield* await decode(pieces, Math.min(limitNow(), MAX_XZ_BYTES));
}

async function* decodeAsRead(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isLeft = false;
  const pieces = async function* () {
    for await (const chunk of input) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        if (isLeft) return;
        yield chunk.subarray(start, start + PIECE_BYTES);
      }
    }
  };
  const reader = new XzReadableStream(ReadableStream.from(pieces())).getReader();
  const slice = new TimeSlice();
  let isOver = false;
  try {
    while (true) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        isOver = true;
        throw unreadable(error);
      });
      isOver = done;
      if (done) return;
      yield value;
      if (slice.isOver) await slice.renew();
    }
  } finally {
    // The decoder must not be cancelled while it waits for input. Giving it none ends it soon,
    // frees its memory and lets the next file in.
    isLeft = true;
    while (!isOver) isOver = await reader.read().then(({ done }) => done, () => true);
  }
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
  const slice = new TimeSlice();
  let length = 0;
  const reader = new XzReadableStream(ReadableStream.from(pieces)).getReader();
  while (true) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw unreadable(error);
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
    if (slice.isOver) await slice.renew();
  }
}

function unreadable(error: unknown): PkgstashError {
  return new PkgstashError(
    "content",
    "Cannot decompress an xz archive: it is truncated, damaged or of an unknown variant " +
      `(${reasonOf(error)}).`,
    { cause: error },
  );
}

function tooLarge(what: string, limit: number): PkgstashError {
  return new PkgstashError(
    "content",
    `Cannot decompress an xz archive: ${what} has more than ${limit} bytes.`,
  );
}
