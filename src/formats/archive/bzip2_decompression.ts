import Bunzip from "seek-bzip";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { startsWith } from "@std/bytes/starts-with";

/** The largest bzip2 file that is read. */
const MAX_BZIP2_BYTES = 64 * 1024 * 1024;

const MAGIC = new TextEncoder().encode("BZh");

/**
 * Decompresses a bzip2 file of any number of streams; what follows the last one is ignored, as
 * libarchive does it. The file is held in memory, because the decoder reads byte by byte and cannot
 * wait. That is affordable, because no distribution publishes such databases; repo-add merely can
 * write them. The event loop runs after each half of the work on a block, which has at most 900 kB
 * before its runs are expanded: it is sorted, and then written.
 *
 * @throws {PkgstashError} of kind "content" if the file is damaged or cut short, or if its content
 * exceeds the bytes that `limitNow` returns once the whole file is read.
 */
export async function* unbzip2(
  input: AsyncIterable<Uint8Array>,
  limitNow: () => number,
): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(await collect(input));
  const output = new BlockOutput(limitNow());
  let decoder = step(() => new Bunzip(source, output));
  while (true) {
    const hasBlock = step(() => decoder._init_block());
    await eventLoopTurn();
    if (hasBlock) step(() => decoder._read_bunzip());
    yield output.take();
    await eventLoopTurn();
    if (hasBlock) continue;
    step(() => {
      if (decoder.reader.read(32) >>> 0 !== decoder.streamCRC) throw fault("a checksum is wrong");
    });
    if (!source.isAt(MAGIC)) return;
    decoder = step(() => new Bunzip(source, output));
  }
}

async function collect(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BZIP2_BYTES) throw fault(`the file has more than ${MAX_BZIP2_BYTES} bytes`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The input, in the form that the decoder asks for. */
class ByteSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  readByte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw fault("it is cut short");
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
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  writeByte(byte: number): void {
    if (--this.#left < 0) throw fault("its content is too large");
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
