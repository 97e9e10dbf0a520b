import Bunzip from "seek-bzip";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { concat } from "@std/bytes/concat";
import { startsWith } from "@std/bytes/starts-with";

/**
 * How much to read ahead of a block, which cannot be longer: 900,000 symbols of 20 bits, and its
 * tables.
 */
const AHEAD_BYTES = 4 * 1024 * 1024;

const MAGIC = new TextEncoder().encode("BZh");

/**
 * Decompresses a bzip2 file with any number of streams; data after the last one is ignored, as in
 * libarchive. The decoder reads byte by byte and cannot wait, so each block is in memory before it
 * is decoded. The event loop runs after each half of the work on a block, which has at most 900 kB
 * before its runs are expanded: sorting it, and writing it.
 *
 * @throws {PkgstashError} of kind "content" if the file is damaged or truncated, or if its content
 * exceeds the bytes that `limitNow` returns for what has been read.
 */
export async function* unbzip2(
  input: AsyncIterable<Uint8Array>,
  limitNow: () => number,
): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(input);
  const output = new BlockOutput();
  await source.readAhead();
  let decoder = step(() => new Bunzip(source, output));
  while (true) {
    await source.readAhead();
    output.allow(limitNow());
    const hasBlock = step(() => decoder._init_block());
    await eventLoopTurn();
    if (hasBlock) step(() => decoder._read_bunzip());
    yield output.take();
    await eventLoopTurn();
    if (hasBlock) continue;
    step(() => {
      if (decoder.reader.read(32) >>> 0 !== decoder.streamCRC) {
        throw fault("a checksum does not match");
      }
    });
    await source.readAhead();
    if (!source.isAt(MAGIC)) return;
    decoder = step(() => new Bunzip(source, output));
  }
}

/** The input, in the form that the decoder expects. */
class ByteSource {
  readonly #input: AsyncIterator<Uint8Array>;
  #bytes = new Uint8Array(0);
  #at = 0;
  #isEnded = false;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Ensures that a whole block, or all that is left, is in memory. */
  async readAhead(): Promise<void> {
    const left = this.#bytes.subarray(this.#at);
    if (this.#isEnded || left.length >= AHEAD_BYTES) return;
    const parts: Uint8Array[] = [left];
    // Twice as much, so that the remainder is rarely copied.
    for (let length = left.length; length < 2 * AHEAD_BYTES;) {
      const { done, value } = await this.#input.next();
      this.#isEnded = done === true;
      if (done) break;
      parts.push(value);
      length += value.length;
    }
    this.#bytes = concat(parts);
    this.#at = 0;
  }

  readByte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw fault("it is truncated");
    return byte;
  }

  read(target: Uint8Array, offset: number, length: number): number {
    for (let at = 0; at < length; at++) target[offset + at] = this.readByte();
    return length;
  }

  /** Whether these are the next bytes. */
  isAt(bytes: Uint8Array): boolean {
    return startsWith(this.#bytes.subarray(this.#at), bytes);
  }
}

/** Collects the content of one block. A block of runs may expand to fifty times its size. */
class BlockOutput {
  #bytes = new Uint8Array(1024 * 1024);
  #length = 0;
  #total = 0;
  #limit = 0;

  /** Sets the maximum size of the whole file's content. */
  allow(limit: number): void {
    this.#limit = limit;
  }

  writeByte(byte: number): void {
    if (++this.#total > this.#limit) throw fault("its content is too large");
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }

  take(): Uint8Array {
    const content = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return content;
  }
}

function step<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PkgstashError) throw error;
    throw fault(`it is damaged (${reasonOf(error)})`);
  }
}

function fault(reason: string): PkgstashError {
  return new PkgstashError("content", `Cannot decompress a bzip2 archive: ${reason}.`);
}
