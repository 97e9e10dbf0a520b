import type { Upstream } from "../mirrors/upstream.ts";
import type { FileIdentity } from "./file_identity.ts";
import { OVERLAP_BYTES, type ReceivedBytes, type TransferRequest } from "./mirror_search.ts";
import { Transfer } from "./transfer.ts";

export interface DirectRange {
  identity: FileIdentity;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A range of a file straight from the mirrors, past the cache, for a client that cannot wait until
 * the download into the cache gets there. `onBytes` is called with the number of bytes sent.
 */
export async function openDirectRange(
  upstream: Upstream,
  request: Omit<TransferRequest, "signal" | "ifModifiedSince">,
  onBytes: (count: number) => void,
): Promise<DirectRange> {
  const controller = new AbortController();
  const { signal } = controller;
  const tail = new Tail(request.offset);
  const transfer = await Transfer.open(
    upstream,
    { ...request, ifModifiedSince: null, signal },
    tail,
  );
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(stream) {
      try {
        const chunk = await transfer.read();
        if (chunk === null) return stream.close();
        tail.push(chunk);
        onBytes(chunk.length);
        stream.enqueue(chunk as Uint8Array<ArrayBuffer>);
      } catch (error) {
        stream.error(error);
      }
    },
    cancel: () => controller.abort(),
  }, { highWaterMark: 0 });
  return { identity: transfer.identity, body };
}

/** The last bytes of a stream that passes by. */
class Tail implements ReceivedBytes {
  readonly reachesBackToStart = false;
  readonly mayStartOver = false;
  #bytes = new Uint8Array(0);
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  push(chunk: Uint8Array): void {
    const joined = new Uint8Array(Math.min(OVERLAP_BYTES, this.#bytes.length + chunk.length));
    const fromChunk = chunk.subarray(Math.max(0, chunk.length - OVERLAP_BYTES));
    const kept = joined.length - fromChunk.length;
    joined.set(this.#bytes.subarray(this.#bytes.length - kept));
    joined.set(fromChunk, kept);
    this.#bytes = joined;
    this.#end += chunk.length;
  }

  readBack(position: number, length: number): Promise<Uint8Array | null> {
    const start = position - (this.#end - this.#bytes.length);
    // Right after the start there are fewer bytes than asked for; return those.
    const from = Math.max(0, start);
    const bytes = this.#bytes.slice(from, start + length);
    return Promise.resolve(bytes.length === 0 ? null : bytes);
  }

  startOver(): Promise<void> {
    throw new Error("Cannot start over: the client has the bytes already.");
  }
}
