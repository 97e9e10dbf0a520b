import { PositionedFile } from "../../platform/files/positioned_file.ts";

/** Bytes are kept in blocks of this length: few large pieces are the cheapest to send. */
const BLOCK_BYTES = 256 * 1024;
/** How many blocks are kept: clients that began together are a few blocks apart. */
const MAX_BLOCKS = 16;

/** What is written further ahead of all readers is not kept: it would be gone when they come. */
const NEAR_BYTES = 4 * BLOCK_BYTES;

/** The bytes from `start` to `end` of one block; `bytes` begins where the block does. */
interface Block {
  bytes: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
}

/**
 * The bytes of a part for those who read it. They share a few blocks in memory, of what was written
 * or read last, and one descriptor, which stays open until the last reader has ended, whatever
 * becomes of the file's name. What has been handed out is never overwritten.
 */
export class PartBytes {
  readonly #file: PositionedFile;
  /** By their place in the file, in blocks; the newest last. */
  readonly #blocks = new Map<number, Block>();
  #readers = 0;
  /** Where the foremost reader has read. */
  #front = 0;
  #isWritten = true;
  #isClosed = false;

  constructor(file: Deno.FsFile) {
    this.#file = new PositionedFile(file);
  }

  /** Opens a file that is finished, with one reader. */
  static async openFinished(path: string): Promise<PartBytes> {
    const bytes = new PartBytes(await Deno.open(path));
    bytes.addReader();
    bytes.release();
    return bytes;
  }

  /** Adds a reader; false if it comes too late. */
  addReader(): boolean {
    if (this.#isClosed) return false;
    this.#readers++;
    return true;
  }

  /** Each reader that was added is removed once. */
  removeReader(): void {
    this.#readers--;
    this.#closeIfUnused();
  }

  /** No more is written: from here on, only readers keep it open, and no idle one keeps memory. */
  release(): void {
    this.#isWritten = false;
    this.#blocks.clear();
    this.#closeIfUnused();
  }

  /** Keeps a copy of what has been written at `position`, if anybody reads near it. */
  keep(position: number, bytes: Uint8Array): void {
    if (this.#readers === 0 || position > this.#front + NEAR_BYTES) return;
    for (let taken = 0; taken < bytes.length;) {
      const offset = (position + taken) % BLOCK_BYTES;
      const piece = bytes.subarray(taken, taken + BLOCK_BYTES - offset);
      const block = this.#blockAt(position + taken - offset, offset);
      block.bytes.set(piece, offset);
      block.end = offset + piece.length;
      taken += piece.length;
    }
  }

  /** Bytes from `position` on, all written: at least one, and not beyond `end`. Not to be changed. */
  read(
    position: number,
    end: number,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    this.#front = Math.max(this.#front, position);
    const offset = position % BLOCK_BYTES;
    const start = position - offset;
    const limit = Math.min(BLOCK_BYTES, end - start);
    const present = this.#blocks.get(start);
    if (present !== undefined && present.start <= offset && offset < present.end) {
      return present.bytes.subarray(offset, Math.min(present.end, limit));
    }
    const block = this.#blockAt(start, offset);
    const filled = (count: number | null) => {
      if (count === null) throw new Error("the part file ended early");
      block.end = Math.max(block.end, offset + count);
      return block.bytes.subarray(offset, offset + count);
    };
    const count = this.#file.read(position, block.bytes.subarray(offset, limit));
    return count instanceof Promise ? count.then(filled) : filled(count);
  }

  /** A block that may be filled from `offset` on. */
  #blockAt(start: number, offset: number): Block {
    const present = this.#blocks.get(start);
    if (present?.end === offset) return present;
    const block = { bytes: new Uint8Array(BLOCK_BYTES), start: offset, end: offset };
    this.#blocks.delete(start);
    this.#blocks.set(start, block);
    if (this.#blocks.size > MAX_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!);
    return block;
  }

  #closeIfUnused(): void {
    if (this.#isWritten || this.#readers > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.#file[Symbol.dispose]();
  }
}
