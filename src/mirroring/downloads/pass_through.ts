import { concat } from "@std/bytes/concat";
import type { Hash } from "node:crypto";
import { PkgstashError } from "../../errors.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { FileIdentity } from "./file_identity.ts";
import { OVERLAP_BYTES, type ReceivedBytes, type TransferRequest } from "./mirror_search.ts";
import { Transfer } from "./transfer.ts";

export interface PassThroughRequest extends Omit<TransferRequest, "signal"> {
  /** The SHA-256 of the whole file, in lower-case hexadecimal; null if unknown. */
  sha256: string | null;
  /** The hash of all bytes before `offset`; null if unknown. */
  hash: Hash | null;
  /** Called with the number of bytes sent. */
  onBytes: (count: number) => void;
  /** Called with the number of bytes of a refused beginning. */
  onRefused: (count: number) => void;
}

export interface PassThrough {
  identity: FileIdentity;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A file for one client, straight from the mirrors, bypassing a cache that cannot store it. It
 * moves from mirror to mirror like a download. If the SHA-256 of the whole file is known, the last
 * byte is held back until it is verified.
 */
export async function openPassThrough(
  upstream: Upstream,
  request: PassThroughRequest,
): Promise<PassThrough> {
  const controller = new AbortController();
  const { signal } = controller;
  const tail = new Tail(request.offset);
  const transfer = await Transfer.open(
    upstream,
    { ...request, signal },
    tail,
  );
  const { sha256, hash, onBytes, onRefused } = request;
  const check = sha256 === null || hash === null || request.last !== null ? null : { sha256, hash };
  let position = request.offset;
  let held: Uint8Array<ArrayBuffer> | null = null;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(stream) {
      try {
        for (let chunk; (chunk = await transfer.read()) !== null;) {
          tail.push(chunk);
          const bytes: Uint8Array<ArrayBuffer> = concat(held === null ? [chunk] : [held, chunk]);
          check?.hash.update(chunk);
          held = check === null ? null : bytes.slice(-1);
          const free = check === null ? bytes : bytes.subarray(0, -1);
          if (free.length === 0) continue;
          position += free.length;
          onBytes(free.length);
          return stream.enqueue(free);
        }
        if (check !== null && check.hash.digest("hex") !== check.sha256) {
          const error = new PkgstashError(
            "content",
            `Cannot accept ${request.fileName}: its SHA-256 is not the one in the database.`,
          );
          upstream.recordFailure({ mirror: transfer.mirror, error }, request);
          onRefused(position);
          throw error;
        }
        if (held !== null) {
          onBytes(held.length);
          stream.enqueue(held);
        }
        stream.close();
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
    // Right after the start there are fewer bytes than requested; return those.
    const from = Math.max(0, start);
    const bytes = this.#bytes.slice(from, start + length);
    return Promise.resolve(bytes.length === 0 ? null : bytes);
  }

  startOver(): Promise<void> {
    throw new Error("Cannot restart: the client already has these bytes.");
  }
}
