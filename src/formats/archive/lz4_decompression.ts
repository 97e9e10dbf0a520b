import xxhash, { type XXHashAPI } from "xxhash-wasm";
import { TimeSlice } from "../../async/time_slice.ts";
import { PkgstashError } from "../../errors.ts";
import { decodeLz4Block } from "./lz4_block.ts";

const FRAME_MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** How far back a block may refer to earlier ones. */
const WINDOW_BYTES = 64 * 1024;
/** By bits 4 to 6 of the block descriptor. */
const BLOCK_BYTES: ReadonlyMap<number, number> = new Map([
  [4, 64 * 1024],
  [5, 256 * 1024],
  [6, 1024 * 1024],
  [7, 4 * 1024 * 1024],
]);

/**
 * Decompresses an LZ4 file with any number of frames, verifying every checksum. Memory use grows
 * with the size of a block, which is at most 4 MiB. The event loop runs in between.
 *
 * Source: LZ4 Frame Format 1.6.3.
 * @throws {PkgstashError} of kind "content" if the file is damaged or ends inside a frame.
 */
export async function* unlz4(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new Lz4Source(input);
  const hashes = await xxhash();
  const slice = new TimeSlice();
  while (!await source.isAtEnd()) {
    const magic = numberOf(await source.take(4));
    if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) {
      await source.skip(numberOf(await source.take(4)));
    } else if (magic === FRAME_MAGIC) yield* readFrame(source, { hashes, slice });
    else throw fault("a frame is followed by something that is not a frame");
    if (slice.isOver) await slice.renew();
  }
}

async function* readFrame(
  source: Lz4Source,
  { hashes, slice }: { hashes: XXHashAPI; slice: TimeSlice },
): AsyncGenerator<Uint8Array> {
  const { blockBytes, isLinked, hasBlockChecksums, hasChecksum } = await readDescriptor(
    source,
    hashes,
  );
  const checksum = hashes.create32();
  // The end of the content so far, followed by the block.
  const buffer = new Uint8Array(WINDOW_BYTES + blockBytes);
  let windowStart = WINDOW_BYTES;
  while (true) {
    const header = numberOf(await source.take(4));
    if (header === 0) break;
    const size = header & 0x7fffffff;
    const isStored = header >>> 31 === 1;
    if (size > blockBytes) throw fault("a block is larger than its frame allows");
    const block = await source.take(size);
    if (hasBlockChecksums && numberOf(await source.take(4)) !== hashes.h32Raw(block)) {
      throw fault("the checksum of a block does not match");
    }
    let end = WINDOW_BYTES + size;
    if (isStored) buffer.set(block, WINDOW_BYTES);
    else {
      const decoded = decodeLz4Block(block, buffer, {
        start: WINDOW_BYTES,
        earliest: isLinked ? windowStart : WINDOW_BYTES,
      });
      if (decoded === null) throw fault("a block is damaged");
      end = decoded;
    }
    const content = buffer.slice(WINDOW_BYTES, end);
    if (hasChecksum) checksum.update(content);
    yield content;
    if (slice.isOver) await slice.renew();
    if (!isLinked) continue;
    const kept = Math.min(WINDOW_BYTES, end - windowStart);
    windowStart = WINDOW_BYTES - kept;
    buffer.copyWithin(windowStart, end - kept, end);
  }
  if (hasChecksum && numberOf(await source.take(4)) !== checksum.digest()) {
    throw fault("its checksum does not match");
  }
}

async function readDescriptor(source: Lz4Source, hashes: XXHashAPI) {
  const fixed = await source.take(2);
  const [flags = 0, sizes = 0] = fixed;
  const rest = await source.take((flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0));
  const [checksum = 0] = await source.take(1);
  const descriptor = new Uint8Array([...fixed, ...rest]);
  if (((hashes.h32Raw(descriptor) >>> 8) & 0xff) !== checksum) {
    throw fault("the header of a frame is damaged");
  }
  const blockBytes = BLOCK_BYTES.get((sizes >> 4) & 7);
  if (flags >> 6 !== 1 || blockBytes === undefined) throw fault("a frame has an unknown version");
  if (flags & 0x01) throw fault("a frame needs a dictionary");
  return {
    blockBytes,
    isLinked: (flags & 0x20) === 0,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasChecksum: (flags & 0x04) !== 0,
  };
}

/** Takes a given number of bytes at a time from chunks of any size. */
class Lz4Source {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return true;
      this.#rest = value;
    }
    return false;
  }

  /** The next bytes, exactly `length`. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const part = await this.#some(length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) left -= (await this.#some(left)).length;
  }

  async #some(atMost: number): Promise<Uint8Array> {
    if (await this.isAtEnd()) throw fault("it ends inside a frame");
    const part = this.#rest.subarray(0, atMost);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function fault(reason: string): PkgstashError {
  return new PkgstashError("content", `Cannot decompress an LZ4 archive: ${reason}.`);
}
