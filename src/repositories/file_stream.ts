import type { ByteRange } from "../formats/http/range.ts";
import { fill } from "../platform/files/fill.ts";

/** Blocks of this size are the cheapest to read and to send. */
const BLOCK_BYTES = 256 * 1024;
/** What others get at a time, since a client that is slow keeps some of it in memory. */
const SMALL_BYTES = 32 * 1024;
/** A client that takes `BLOCK_BYTES` in this time is quick. */
const QUICK_MS = 100;
/** So many get whole blocks. Those that turn out to be slow keep two or three of them for a while. */
const MAX_QUICK = 32;
/** How many blocks are kept for the other clients of the same file. */
const MAX_SHARED_BLOCKS = 32;

type Bytes = Uint8Array<ArrayBuffer>;

/** An open file, and what is known of it. */
interface OpenedFile {
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/** A range of a file on its way to a client. */
interface FileStream {
  readonly body: ReadableStream<Bytes>;
  /** How many of its bytes have left; null if nobody can tell. */
  readonly sent: (() => number) | null;
}

/** A part of a file in memory. */
interface Block {
  readonly bytes: Promise<Bytes>;
  /** How many clients have it as their last chunk. */
  users: number;
  /** Whether others may get it. */
  isShared: boolean;
}

/** How many clients get whole blocks, by the content of their file. */
const quickReaders = new Map<string, number>();
/** The blocks that were read last of files with several such clients. */
const sharedBlocks = new Map<string, Block>();
let quickCount = 0;

/**
 * A range of a file, to be sent to a client; closes the file. Clients that are sent the same file at
 * the same time share what they read. A chunk is valid until the next one is asked for: its memory
 * is given back then, and not when the garbage is collected, which saves a third of the CPU time.
 * `now` returns the milliseconds of a clock that never goes back.
 */
export function streamOf(
  opened: OpenedFile,
  range: ByteRange,
  now: () => number = () => performance.now(),
): FileStream {
  const { file, info } = opened;
  if (quickCount >= MAX_QUICK && range.end === info.size - 1) {
    // The way of Deno itself takes more CPU time, and the least memory. It takes the descriptor with
    // it, so where that has come to cannot be asked.
    file.seekSync(range.start, Deno.SeekMode.Start);
    return { body: file.readable, sent: null };
  }
  const reader = new FileReader(opened, range, now);
  const body = new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        controller.enqueue(await reader.read());
        if (!reader.isAtEnd) return;
        await reader.close();
        controller.close();
      } catch (error) {
        await reader.close();
        controller.error(error);
      }
    },
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
  return { body, sent: () => reader.position - range.start };
}

class FileReader {
  readonly #file: Deno.FsFile;
  readonly #size: number;
  /** Of the content, as far as the file system tells. */
  readonly #identity: string;
  readonly #end: number;
  #position: number;
  /** Where the descriptor is. */
  #filePosition = 0;
  /** What the client has. */
  #given: Block | null = null;
  #isQuick = false;
  /** Since when, and how much, it has taken for its speed to be judged. */
  #takenSince: number;
  #taken = 0;
  #reading: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  readonly #now: () => number;

  constructor({ file, info }: OpenedFile, { start, end }: ByteRange, now: () => number) {
    this.#now = now;
    this.#takenSince = now();
    this.#file = file;
    this.#size = info.size;
    this.#identity = [info.dev, info.ino, info.size, info.mtime?.getTime()].join(":");
    this.#position = start;
    this.#end = end + 1;
    this.#setQuick(true);
  }

  /** Of the next byte. */
  get position(): number {
    return this.#position;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** The next bytes. */
  async read(): Promise<Bytes> {
    if (this.#given !== null) release(this.#given);
    this.#judge();
    const isShared = this.#isQuick && (quickReaders.get(this.#identity) ?? 0) > 1;
    const index = Math.floor(this.#position / BLOCK_BYTES);
    const block = isShared ? this.#sharedBlock(index) : this.#ownBlock();
    block.users++;
    this.#given = block;
    const bytes = await block.bytes;
    const chunk = isShared
      ? bytes.subarray(this.#position - index * BLOCK_BYTES, this.#end - index * BLOCK_BYTES)
      : bytes;
    this.#position += chunk.length;
    this.#taken += chunk.length;
    return chunk;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#setQuick(false);
    // A read that is cut off would fail for all who wait for it.
    await this.#reading.catch(() => {});
    this.#file.close();
  }

  #ownBlock(): Block {
    // Up to the next block, which may be shared.
    const most = this.#isQuick ? BLOCK_BYTES - this.#position % BLOCK_BYTES : SMALL_BYTES;
    const length = Math.min(most, this.#end - this.#position);
    return { bytes: this.#readAt(this.#position, length), users: 0, isShared: false };
  }

  #sharedBlock(index: number): Block {
    const key = `${this.#identity}#${index}`;
    const known = sharedBlocks.get(key);
    if (known !== undefined) return known;
    const start = index * BLOCK_BYTES;
    const bytes = this.#readAt(start, Math.min(BLOCK_BYTES, this.#size - start));
    const block = { bytes, users: 0, isShared: true };
    sharedBlocks.set(key, block);
    bytes.catch(() => unshare(key));
    const [oldest] = sharedBlocks.keys();
    if (sharedBlocks.size > MAX_SHARED_BLOCKS && oldest !== undefined) unshare(oldest);
    return block;
  }

  #readAt(position: number, length: number): Promise<Bytes> {
    const reading = this.#readFully(position, new Uint8Array(length));
    this.#reading = reading;
    return reading;
  }

  async #readFully(position: number, bytes: Bytes): Promise<Bytes> {
    if (position !== this.#filePosition) await this.#file.seek(position, Deno.SeekMode.Start);
    this.#filePosition = NaN;
    if (await fill(this.#file, bytes) < bytes.length) {
      throw new Error("Cannot send the file: it is shorter than expected.");
    }
    this.#filePosition = position + bytes.length;
    return bytes;
  }

  #judge(): void {
    if (this.#taken < BLOCK_BYTES) return;
    const now = this.#now();
    this.#setQuick(now - this.#takenSince <= QUICK_MS);
    this.#takenSince = now;
    this.#taken = 0;
  }

  #setQuick(isQuick: boolean): void {
    if (isQuick === this.#isQuick || isQuick && quickCount >= MAX_QUICK) return;
    this.#isQuick = isQuick;
    quickCount += isQuick ? 1 : -1;
    const left = (quickReaders.get(this.#identity) ?? 0) + (isQuick ? 1 : -1);
    if (left > 0) {
      quickReaders.set(this.#identity, left);
      return;
    }
    quickReaders.delete(this.#identity);
    for (const key of sharedBlocks.keys()) {
      if (key.startsWith(`${this.#identity}#`)) unshare(key);
    }
  }
}

/** Lets nobody else have a block. */
function unshare(key: string): void {
  const block = sharedBlocks.get(key);
  if (block === undefined) return;
  sharedBlocks.delete(key);
  block.isShared = false;
  free(block);
}

/** Ends the use of a block by a client. */
function release(block: Block): void {
  block.users--;
  free(block);
}

/** Gives back the memory of a block that nobody needs any more. */
function free({ bytes, users, isShared }: Block): void {
  if (users === 0 && !isShared) bytes.then(({ buffer }) => buffer.transfer(0), () => {});
}
