import { PositionedFile } from "../../platform/files/positioned_file.ts";

/** Length of the blocks in which bytes are kept: few large pieces are the cheapest to send. */
const BLOCK_BYTES = 256 * 1024;
/** How many blocks to keep: clients that began together are a few blocks apart. */
const MAX_BLOCKS = 16;

/**
 * Bytes written further ahead of all readers are not kept: they would be gone when readers come.
 */
const NEAR_BYTES = 4 * BLOCK_BYTES;

/** The bytes from `start` to `end` of one block; `bytes` begins where the block does. */
interface Block {
  bytes: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
  /** How many readers are holding it. */
  holders: number;
  /** Whether it can be found by its position in the file. */
  isShared: boolean;
}

/**
 * The bytes of a part for its readers. They share a few blocks in memory, of what was written or
 * read last, and one descriptor, which stays open until the last reader has ended, whatever happens
 * to the file's name. A block that a reader holds is never overwritten. The memory of a block is
 * freed once nobody can reach it: with the garbage collector, a hundred megabytes would accumulate.
 */
export class PartBytes {
  readonly #file: PositionedFile;
  /** By position in the file, in blocks; newest last. */
  readonly #blocks = new Map<number, Block>();
  readonly #readers = new Set<PartBytesReader>();
  /** The position of the foremost reader. */
  #front = 0;
  #isWritten = true;
  #isClosed = false;

  constructor(file: Deno.FsFile) {
    this.#file = new PositionedFile(file);
  }

  /** A reader of a finished file. */
  static async readFinished(path: string): Promise<PartBytesReader> {
    const bytes = new PartBytes(await Deno.open(path));
    const reader = bytes.#newReader();
    bytes.release();
    return reader;
  }

  /** Adds a reader; null if it comes too late. */
  addReader(): PartBytesReader | null {
    return this.#isClosed ? null : this.#newReader();
  }

  /** No more is written: from here on, only readers keep it open, and no idle one holds memory. */
  release(): void {
    this.#isWritten = false;
    for (const start of this.#blocks.keys()) this.#forget(start);
    this.#closeIfUnused();
  }

  /** Keeps a copy of what has been written at `position`, if anybody is reading near it. */
  keep(position: number, bytes: Uint8Array): void {
    if (this.#readers.size === 0 || position > this.#front + NEAR_BYTES) return;
    for (let taken = 0; taken < bytes.length;) {
      const offset = (position + taken) % BLOCK_BYTES;
      const piece = bytes.subarray(taken, taken + BLOCK_BYTES - offset);
      const block = this.#blockAt(position + taken - offset, offset);
      block.bytes.set(piece, offset);
      block.end = offset + piece.length;
      taken += piece.length;
    }
  }

  #newReader(): PartBytesReader {
    let held: Block | null = null;
    const hold = (block: Block | null) => {
      if (block === held) return;
      if (block !== null) block.holders++;
      const before = held;
      held = block;
      if (before === null) return;
      before.holders--;
      freeIfUnreachable(before);
    };
    const reader: PartBytesReader = {
      read: (position, end) => this.#read(position, end, hold),
      [Symbol.dispose]: () => {
        if (!this.#readers.delete(reader)) return;
        hold(null);
        this.#closeIfUnused();
      },
    };
    this.#readers.add(reader);
    return reader;
  }

  #read(
    position: number,
    end: number,
    hold: (block: Block) => void,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    this.#front = Math.max(this.#front, position);
    const offset = position % BLOCK_BYTES;
    const start = position - offset;
    const limit = Math.min(BLOCK_BYTES, end - start);
    const present = this.#blocks.get(start);
    if (present !== undefined && present.start <= offset && offset < present.end) {
      hold(present);
      return present.bytes.subarray(offset, Math.min(present.end, limit));
    }
    const block = this.#blockAt(start, offset);
    // At once: it may be forgotten while the disk fills it.
    hold(block);
    const filled = (count: number | null) => {
      if (count === null) throw new Error("the part file ended early");
      block.end = Math.max(block.end, offset + count);
      return block.bytes.subarray(offset, offset + count);
    };
    const count = this.#file.read(position, block.bytes.subarray(offset, limit));
    return count instanceof Promise ? count.then(filled) : filled(count);
  }

  /** A block that can be filled from `offset` on. */
  #blockAt(start: number, offset: number): Block {
    const present = this.#blocks.get(start);
    if (present?.end === offset) return present;
    this.#forget(start);
    const bytes = new Uint8Array(BLOCK_BYTES);
    const block = { bytes, start: offset, end: offset, holders: 0, isShared: true };
    this.#blocks.set(start, block);
    if (this.#blocks.size > MAX_BLOCKS) this.#forget(this.#blocks.keys().next().value!);
    return block;
  }

  #forget(start: number): void {
    const block = this.#blocks.get(start);
    if (block === undefined) return;
    this.#blocks.delete(start);
    block.isShared = false;
    freeIfUnreachable(block);
  }

  #closeIfUnused(): void {
    if (this.#isWritten || this.#readers.size > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.#file[Symbol.dispose]();
  }
}

/** Reads the bytes of a part, until disposed. */
export interface PartBytesReader extends Disposable {
  /**
   * Bytes from `position` on, all written: at least one, and none beyond `end`. Read-only, and
   * valid until the next call.
   */
  read(
    position: number,
    end: number,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
}

/** What the runtime is still sending of a block stays: it holds its own reference to the memory. */
function freeIfUnreachable({ bytes, holders, isShared }: Block): void {
  if (holders === 0 && !isShared) bytes.buffer.transfer(0);
}
