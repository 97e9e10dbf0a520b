import { TimeSlice } from "../../async/time_slice.ts";

const MAX_CHUNK_BYTES = 64 * 1024;

/**
 * The source of a decoder. It lets the first bytes be peeked at, and remembers a failure of the
 * source itself, so that it is not mistaken for bad content.
 */
export class ArchiveInput implements AsyncIterable<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #ahead: Uint8Array[] = [];
  #failure: { readonly reason: unknown } | undefined;
  readonly #slice = new TimeSlice();
  #bytesRead = 0;

  /** Locks the source: nothing else can read it. */
  constructor(source: ReadableStream<Uint8Array>) {
    this.#reader = source.getReader();
  }

  /** How many bytes have been taken from the source. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The error of the source itself, if it failed. */
  get failure(): { readonly reason: unknown } | undefined {
    return this.#failure;
  }

  /** Returns the next bytes, at most `length`, without consuming them. */
  async peek(length: number): Promise<Uint8Array> {
    const head = new Uint8Array(length);
    let filled = 0;
    for (let index = 0; filled < length; index++) {
      const chunk = this.#ahead[index] ?? await this.#readSource();
      if (chunk === undefined) break;
      if (index === this.#ahead.length) this.#ahead.push(chunk);
      const part = chunk.subarray(0, length - filled);
      head.set(part, filled);
      filled += part.length;
    }
    return head.subarray(0, filled);
  }

  /** Returns the next bytes, at most 64 KiB, or undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    let chunk = this.#ahead.shift() ?? await this.#readSource();
    if (chunk === undefined) return undefined;
    if (chunk.length > MAX_CHUNK_BYTES) {
      this.#ahead.unshift(chunk.subarray(MAX_CHUNK_BYTES));
      chunk = chunk.subarray(0, MAX_CHUNK_BYTES);
    }
    if (this.#slice.isOver) await this.#slice.renew();
    return chunk;
  }

  /** Reads the source to its end: gzip leaves unread what it takes for padding. */
  async drain(): Promise<void> {
    while (await this.read() !== undefined);
  }

  /** Cancels the source; a pending read then sees its end. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason);
  }

  /** Iterates the chunks to the end; leaving early does not cancel the source. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk;
  }

  async #readSource(): Promise<Uint8Array | undefined> {
    try {
      const { value } = await this.#reader.read();
      this.#bytesRead += value?.length ?? 0;
      return value;
    } catch (reason) {
      this.#failure = { reason };
      throw reason;
    }
  }
}

/** What is needed of the writable side of a `node:stream`. */
export interface Decoder {
  /** Whether it accepts no more. */
  readonly destroyed: boolean;
  /** Returns false if it wants no more before the event "drain". */
  write(chunk: Uint8Array): boolean;
  /** Tells it that the input is complete. */
  end(): void;
  /** Stops it; its reader gets the error. */
  destroy(error: Error): void;
  /** Calls `listener` on every such event. */
  on(event: "drain" | "close" | "error", listener: () => void): void;
}

/**
 * Writes the whole input into a decoder, no faster than it accepts it, and ends it. Stops when the
 * decoder is destroyed. Never rejects: a failure of the input destroys the decoder.
 */
export async function feed(input: AsyncIterable<Uint8Array>, decoder: Decoder): Promise<void> {
  let wake = () => {};
  decoder.on("drain", () => wake());
  decoder.on("close", () => wake());
  // The reader of the decoder gets its failures; without a listener they would be uncaught too.
  decoder.on("error", () => {});
  try {
    for await (const chunk of input) {
      if (decoder.destroyed) return;
      if (!decoder.write(chunk)) await new Promise<void>((resolve) => wake = resolve);
      if (decoder.destroyed) return;
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
