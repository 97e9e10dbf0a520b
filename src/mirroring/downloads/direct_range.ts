import type { FileIdentity } from "./file_identity.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { type BytesSoFar, Transfer, type TransferRequest } from "./transfer.ts";

/** As many of the last bytes as another mirror is asked to repeat. */
const TAIL = 64 * 1024;

export interface DirectRange {
  identity: FileIdentity;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A range of a file straight from the mirrors, past the cache, for a client that cannot wait until
 * the transfer into the cache has come so far.
 */
export async function openDirectRange(
  access: Upstream,
  request: Omit<TransferRequest, "signal" | "ifModifiedSince">,
  onBytes: (count: number) => void,
): Promise<DirectRange> {
  const controller = new AbortController();
  const tail = new Tail(request.offset);
  const transfer = new Transfer(
    access,
    { ...request, ifModifiedSince: null, signal: controller.signal },
    tail,
  );
  await transfer.open();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(stream) {
      try {
        const chunk = await transfer.read();
        if (chunk === null) return stream.close();
        tail.take(chunk);
        onBytes(chunk.length);
        stream.enqueue(chunk as Uint8Array<ArrayBuffer>);
      } catch (error) {
        stream.error(error);
      }
    },
    cancel() {
      controller.abort();
      transfer.close();
    },
  }, { highWaterMark: 0 });
  return { identity: transfer.identity!, body };
}

/** The last bytes of a passing stream. */
class Tail implements BytesSoFar {
  readonly reachesBackToStart = false;
  readonly mayStartOver = false;
  #bytes = new Uint8Array(0);
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  take(chunk: Uint8Array): void {
    const joined = new Uint8Array(Math.min(TAIL, this.#bytes.length + chunk.length));
    const fromChunk = chunk.subarray(Math.max(0, chunk.length - TAIL));
    const kept = joined.length - fromChunk.length;
    joined.set(this.#bytes.subarray(this.#bytes.length - kept));
    joined.set(fromChunk, kept);
    this.#bytes = joined;
    this.#end += chunk.length;
  }

  readBack(position: number, length: number): Promise<Uint8Array | null> {
    const start = position - (this.#end - this.#bytes.length);
    // Fewer than were asked for: then those at the end.
    const from = Math.max(0, start);
    const bytes = this.#bytes.slice(from, start + length);
    return Promise.resolve(bytes.length === 0 ? null : bytes);
  }

  startOver(): Promise<void> {
    throw new Error("bytes that have passed cannot be taken back");
  }
}
