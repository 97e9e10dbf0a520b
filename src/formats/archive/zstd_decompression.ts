import { createZstdDecompress } from "node:zlib";
import { TimeSlice } from "../../async/time_slice.ts";
import { throughZlib } from "./zlib_decompression.ts";
import { PkgstashError } from "../../errors.ts";

/** Each frame takes a decompressor. A 3 GB file with a frame every 64 KiB has fewer frames. */
const MAX_FRAMES = 50_000;

/**
 * Decompresses a zstd file with any number of frames, each with a decompressor of its own.
 *
 * @throws {PkgstashError} of kind "content" if the file ends inside a frame or has too many of
 * them.
 */
export async function* unzstd(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parts = framesOf(input);
  const slice = new TimeSlice();
  for (let frames = 0; frames < MAX_FRAMES; frames++) {
    const first = await parts.next();
    if (first.done) return;
    // Empty frames yield no chunk, so nothing downstream would let the event loop run.
    if (slice.isOver) await slice.renew();
    yield* throughZlib(
      oneFrame(first.value, parts),
      createZstdDecompress({ chunkSize: 64 * 1024 }),
    );
  }
  throw new PkgstashError(
    "content",
    `Cannot decompress a zstd archive: it has more than ${MAX_FRAMES} frames.`,
  );
}

async function* framesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdFramePart> {
  const frames = new ZstdFrames();
  for await (const chunk of input) yield* frames.push(chunk);
  if (!frames.isComplete) {
    throw new PkgstashError("content", "Cannot decompress a zstd archive: it ends inside a frame.");
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

/** A piece of a zstd frame. */
export interface ZstdFramePart {
  /** The next bytes of the frame, still compressed. */
  bytes: Uint8Array;
  /** Whether the frame ends with these bytes. */
  last: boolean;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

type Step = "magic" | "skippable size" | "descriptor" | "header" | "block header" | "checksum";

/**
 * Cuts a zstd file at its frame boundaries and drops skippable frames. This is needed because
 * node:zlib decompresses one frame only, ignores what follows it, and takes a truncated frame for a
 * complete one.
 *
 * Source: RFC 8878 section 3.1.
 */
export class ZstdFrames {
  #step: Step = "magic";
  /** The field being collected. */
  #field = new Uint8Array(18);
  #collected = 0;
  #wanted = 4;
  /** Bytes of a block or of a skippable frame still to be passed on unread. */
  #passing = 0;
  #inFrame = false;
  #lastBlock = false;
  #hasChecksum = false;

  /** Whether the bytes so far are complete frames. */
  get isComplete(): boolean {
    return this.#step === "magic" && this.#collected === 0 && this.#passing === 0;
  }

  /** Yields the parts of frames in the next bytes of the file. */
  *push(chunk: Uint8Array): Generator<ZstdFramePart> {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#passing > 0) {
        const part = chunk.subarray(offset, offset + this.#passing);
        offset += part.length;
        this.#passing -= part.length;
        if (this.#inFrame) {
          yield { bytes: part, last: this.#passing === 0 && this.#endsAfterBlock() };
        }
        continue;
      }
      const part = chunk.subarray(offset, offset + this.#wanted - this.#collected);
      this.#field.set(part, this.#collected);
      this.#collected += part.length;
      offset += part.length;
      if (this.#collected < this.#wanted) return;
      const bytes = this.#field.slice(0, this.#wanted);
      const last = this.#readField();
      if (this.#inFrame || last) yield { bytes, last };
    }
  }

  /** Interprets a complete field and expects the next one; returns true if it ended a frame. */
  #readField(): boolean {
    const field = new DataView(this.#field.buffer);
    switch (this.#step) {
      case "magic": {
        const magic = field.getUint32(0, true);
        if (magic === FRAME_MAGIC) {
          this.#inFrame = true;
          this.#expect("descriptor", 1);
        } else if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) this.#expect("skippable size", 4);
        else throw broken("a frame is followed by something that is not a frame");
        return false;
      }
      case "skippable size":
        this.#passing = field.getUint32(0, true);
        this.#expect("magic", 4);
        return false;
      case "descriptor": {
        const descriptor = field.getUint8(0);
        const singleSegment = (descriptor & 0x20) !== 0;
        this.#hasChecksum = (descriptor & 0x04) !== 0;
        const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
        const dictionaryId = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
        const rest = (singleSegment ? 0 : 1) + dictionaryId + contentSize;
        this.#expect("header", rest);
        return false;
      }
      case "header":
        this.#expect("block header", 3);
        return false;
      case "block header": {
        const header = field.getUint16(0, true) | (field.getUint8(2) << 16);
        const type = (header >> 1) & 0x03;
        if (type === 3) throw broken("a block has the reserved type");
        this.#lastBlock = (header & 1) === 1;
        this.#passing = type === 1 ? 1 : header >> 3;
        this.#expect("block header", 3);
        return this.#passing === 0 && this.#endsAfterBlock();
      }
      case "checksum":
        this.#endFrame();
        return true;
    }
  }

  /**
   * After a block: expects another block or the checksum, or returns true if the frame has ended.
   */
  #endsAfterBlock(): boolean {
    if (!this.#lastBlock) return false;
    if (this.#hasChecksum) {
      this.#expect("checksum", 4);
      return false;
    }
    this.#endFrame();
    return true;
  }

  #endFrame(): void {
    this.#inFrame = false;
    this.#lastBlock = false;
    this.#expect("magic", 4);
  }

  #expect(step: Step, bytes: number): void {
    this.#step = step;
    this.#wanted = bytes;
    this.#collected = 0;
  }
}

function broken(reason: string): PkgstashError {
  return new PkgstashError("content", `Cannot decompress a zstd archive: ${reason}.`);
}
