import { deadline } from "@std/async/deadline";
import { createHash, type Hash } from "node:crypto";
import { isTimeout, PkgstashError } from "../../errors.ts";
import type { Download } from "./download.ts";
import type { PartBytesReader } from "./part_bytes.ts";

/**
 * How much of the end of a file to hold back from clients that are ahead of its verification, and
 * to hand out bit by bit: pacman leaves a server that is silent for ten seconds.
 */
const TRICKLED_BYTES = 64 * 1024;
const TRICKLE_BYTES = 64;
const TRICKLE_MS = 1_000;

/**
 * The rest of a file from elsewhere, from this position to `last` or the end. `hash` is that of all
 * bytes before it, to be continued; null if they are not all there.
 */
export type Continuation = (
  position: number,
  hash: Hash | null,
) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

export interface ReadOptions {
  /** First byte wanted. */
  start: number;
  /** Last byte wanted, inclusive; null for the end of the file. */
  last: number | null;
  /** Called with the number of bytes handed out. */
  onBytes?: (count: number) => void;
  /** Called when the reader has ended, for whatever reason. */
  onEnd?: () => void;
  /** Opens the rest if the disk fails; without it, the stream fails too. */
  continueAt?: Continuation;
}

/**
 * The bytes of a download, as they arrive and as fast as the reader takes them. Nothing is read
 * ahead of the reader, so an idle one takes no memory. The stream fails when the download does,
 * unless the disk is at fault and the rest comes from elsewhere. A chunk is valid until the next
 * read: the runtime, which sends it, takes its own reference to the memory before it reads on.
 */
export function readDownload(
  download: Download,
  options: ReadOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = new PartReader(download, options);
  return new ReadableStream({
    start: () => reader.open(),
    async pull(controller) {
      try {
        const chunk = await reader.read();
        if (chunk !== null) return controller.enqueue(chunk);
        await reader.close();
        controller.close();
      } catch (error) {
        await reader.close();
        controller.error(error);
      }
    },
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
}

class PartReader {
  readonly #download: Download;
  readonly #options: ReadOptions;
  #bytes: PartBytesReader | null = null;
  #rest: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null = null;
  #position: number;
  /** Up to where bytes are handed out before verification. */
  #allowed: number;
  /** When `#allowed` last grew, in milliseconds of the monotonic clock. */
  #trickledAt = performance.now();
  #isClosed = false;

  constructor(download: Download, options: ReadOptions) {
    this.#download = download;
    this.#options = options;
    this.#position = options.start;
    this.#allowed = options.start + 1;
  }

  /** Opens the part at once: a reader that begins late may find another file under the name. */
  async open(): Promise<void> {
    try {
      const bytes = await this.#download.openBytes();
      if (this.#isClosed) return bytes[Symbol.dispose]();
      this.#bytes = bytes;
    } catch (error) {
      // `read` will find nothing, and turn elsewhere.
      if (!this.#canContinue(error)) throw error;
    }
  }

  /** The next bytes; null after the last one. */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#rest !== null) return await this.#readRest(this.#rest);
    try {
      const { last } = this.#options;
      const end = Math.min(await this.#nextEnd(), last === null ? Infinity : last + 1);
      if (this.#position >= end) return null;
      if (this.#bytes === null) throw new Error("the part file could not be opened");
      const chunk = await this.#bytes.read(this.#position, end);
      this.#position += chunk.length;
      this.#options.onBytes?.(chunk.length);
      return chunk;
    } catch (error) {
      const { continueAt } = this.#options;
      if (continueAt === undefined || !this.#canContinue(error)) throw error;
      const hash = await this.#hashOfBefore().catch(() => null);
      this.#rest = (await continueAt(this.#position, hash)).getReader();
      return await this.#readRest(this.#rest);
    }
  }

  /** The hash of all bytes before the position; read back unless the download knows it. */
  async #hashOfBefore(): Promise<Hash | null> {
    const known = this.#position === 0
      ? createHash("sha256")
      : this.#download.hashAt(this.#position);
    const bytes = this.#bytes;
    if (known !== null || bytes === null || this.#download.isAhead(this.#position)) return known;
    const hash = createHash("sha256");
    for (let position = 0; position < this.#position;) {
      const chunk = await bytes.read(position, this.#position);
      hash.update(chunk);
      position += chunk.length;
    }
    return hash;
  }

  /** Whether an error is the disk's fault, so that the rest may come from elsewhere. */
  #canContinue(error: unknown): boolean {
    const isFaultOfDisk = !(error instanceof PkgstashError) || error.kind === "storage";
    return isFaultOfDisk && this.#options.continueAt !== undefined && !this.#isClosed;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.onEnd?.();
    this.#bytes?.[Symbol.dispose]();
    this.#bytes = null;
    await this.#rest?.cancel().catch(() => {});
  }

  async #readRest(
    rest: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const { value, done } = await rest.read();
    return done ? null : value;
  }

  /** Waits for more bytes; returns the position if there are no more. */
  async #nextEnd(): Promise<number> {
    const download = this.#download;
    const { last } = this.#options;
    while (last === null || this.#position <= last) {
      const end = this.#limited(download.releasedFrom(this.#position));
      if (end > this.#position || download.complete) return end;
      await this.#progress();
    }
    return this.#position;
  }

  /** Holds back the end of a file from a reader that is ahead of its verification. */
  #limited(end: number): number {
    const { size } = this.#download;
    if (size === null || !this.#download.isAhead(this.#position)) return end;
    return Math.min(end, Math.max(size - TRICKLED_BYTES, this.#allowed));
  }

  async #progress(): Promise<void> {
    const progress = this.#download.progress();
    if (!this.#download.isAhead(this.#position)) return await progress;
    const dueAt = this.#trickledAt + TRICKLE_MS;
    try {
      await deadline(progress, Math.max(0, dueAt - performance.now()));
    } catch (error) {
      if (!isTimeout(error)) throw error;
    }
    if (performance.now() < dueAt) return;
    this.#trickledAt = performance.now();
    this.#allowed = Math.max(this.#allowed, this.#position) + TRICKLE_BYTES;
  }
}
