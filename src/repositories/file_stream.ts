import type { ByteRange } from "../formats/http/range.ts";
import { fill } from "../platform/files/fill.ts";

/** The cheapest block size to read and send. */
const BLOCK_BYTES = 256 * 1024;
/** Chunk size for other clients, since a slow one keeps some of it in memory. */
const SMALL_BYTES = 32 * 1024;
/** A client that takes `BLOCK_BYTES` within this time is fast. */
const QUICK_MS = 100;
/**
 * How many clients get whole blocks. If one turns out to be slow, it holds two or three of them for
 * a while.
 */
const MAX_QUICK = 32;
/** How many blocks are kept for other clients of the same file. */
const MAX_SHARED_BLOCKS = 32;

type Bytes = Uint8Array<ArrayBuffer>;

/** An open file, and what is known about it. */
interface OpenedFile {
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
}

/** A range of a file being sent to a client. */
interface FileStream {
  readonly body: ReadableStream<Bytes>;
  /** How many of its bytes have been sent; null if unknown. */
  readonly sent: (() => number) | null;
}

/** A part of a file in memory. */
interface Block {
  readonly bytes: Promise<Bytes>;
  /** For how many clients it is the latest chunk. */
  users: number;
  /** Whether other clients may get it. */
  isShared: boolean;
}

/** How many clients get whole blocks, by content of the file. */
const quickReaders = new Map<string, number>();
/** The most recently read blocks of files with several such clients. */
const sharedBlocks = new Map<string, Block>();
let quickCount = 0;

/**
 * A range of a file to send to a client; closes the file. Clients of the same file share their
 * reads. A chunk is valid until the next one is requested: its memory is then released, without
 * waiting for the garbage collector, which saves a third of the CPU time. `now` returns
 * milliseconds of a monotonic clock.
 */
export function streamOf(
  opened: OpenedFile,
  range: ByteRange,
  now: () => number = () => performance.now(),
): FileStream {
  const { file, info } = opened;
  if (quickCount >= MAX_QUICK && range.end === info.size - 1) {
    // Deno's own way takes more CPU time, but the least memory. It owns the descriptor, so the
    // position cannot be queried.
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
  /** Identifies the content as far as the file system can. */
  readonly #identity: string;
  readonly #end: number;
  #position: number;
  /** Position of the descriptor. */
  #filePosition = 0;
  /** Position of the client. */
  #given: Block | null = null;
  #isQuick = false;
  /** Start of the measurement of its speed, and bytes taken since. */
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

  /** Position of the next byte. */
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
    // A read that is cancelled would fail for everyone who waits for it.
    await this.#reading.catch(() => {});
    this.#file.close();
  }

  #ownBlock(): Block {
    // Up to the next block boundary, whose block may be shared.
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

/** Stops offering a block to other clients. */
function unshare(key: string): void {
  const block = sharedBlocks.get(key);
  if (block === undefined) return;
  sharedBlocks.delete(key);
  block.isShared = false;
  free(block);
}

/** Ends a client's use of a block. */
function release(block: Block): void {
  block.users--;
  free(block);
}

/** Releases the memory of a block that nobody needs any more. */
function free({ bytes, users, isShared }: Block): void {
  if (users === 0 && !isShared) bytes.then(({ buffer }) => buffer.transfer(0), () => {});
}
