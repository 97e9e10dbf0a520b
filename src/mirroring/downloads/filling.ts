import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { FileIdentity } from "./file_identity.ts";
import type { ReceivedBytes, TransferRequest } from "./mirror_search.ts";
import type { PartFile, PartWriter } from "./part_file.ts";
import type { PrefixHash } from "./prefix_hash.ts";
import { Transfer } from "./transfer.ts";

const log = eventLogger("download");

/** How many transfers may run ahead of the first one of a file. */
const MAX_AHEAD = 4;
/** How many positions wait for one of them to end. */
const MAX_WAITING = 64;
/** Transfers ahead begin at multiples of this, so that clients which want nearly the same share one. */
const ALIGNMENT_BYTES = 256 * 1024;
/** What is that close to a position will soon be there. */
const NEAR_BYTES = 1024 * 1024;
/** How often room is made for the same bytes before the disk is given up. */
const MAX_ROOM_TRIES = 3;
/** How much room is made for a file of unknown length. */
const UNKNOWN_REST_BYTES = 16 * 1024 * 1024;

/** Makes room on the disk. */
export interface Room {
  /** Makes room for so many bytes; false if they cannot fit. */
  make(bytes: number): Promise<boolean>;
}

export interface FillingOptions {
  upstream: Upstream;
  /** What a transfer of the file is opened with, but for its place. */
  request: Omit<TransferRequest, "offset" | "last" | "identity" | "signal">;
  part: PartFile;
  hash: PrefixHash;
  identity: FileIdentity;
  /** What the transfers that begin at the first hole have received. */
  received: ReceivedBytes;
  room: Room | null;
  /** Called with the number of bytes that have arrived. */
  onBytes: (count: number) => void;
  /** Awaited after each chunk at the front. */
  pace: (count: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Fills a part with the bytes of its file. One transfer works from the start; others may begin
 * further ahead, for clients that resume there, and end where they reach bytes that are there.
 * All are of one file, and each byte is asked for once.
 */
export class Filling {
  readonly #options: FillingOptions;
  /** The transfers that run ahead, by where they began. */
  readonly #ahead = new Map<number, Promise<void>>();
  /** Positions to fetch at when one of them ends. */
  readonly #waiting = new Set<number>();
  readonly #controller = new AbortController();
  #size: number | null;

  constructor(options: FillingOptions) {
    this.#options = options;
    this.#size = options.identity.size;
    const stop = () => this.#controller.abort(options.signal.reason);
    if (options.signal.aborted) stop();
    else options.signal.addEventListener("abort", stop, { once: true });
  }

  /** Length of the file, or null while it is not known. */
  get size(): number | null {
    return this.#size;
  }

  /** Continues with `first` until the whole file is there; returns the last transfer at the front. */
  async run(first: Transfer, onTransfer: (transfer: Transfer) => void): Promise<Transfer> {
    const { upstream, request, part, identity, received, signal } = this.#options;
    try {
      // Left open, it would bring more than is wanted.
      await this.#fill(first, part.length, true).finally(() => first.close());
      this.#size ??= part.length;
      let transfer = first;
      while (part.length < this.#size) {
        const running = this.#runningAt(part.length);
        if (running !== null) {
          await running;
          continue;
        }
        // What was there ends, and so did the transfer that brought it.
        const { deadlineAt: _, ...rest } = request;
        const offset = part.length;
        const place = { offset, last: null, identity, signal };
        transfer = await Transfer.open(upstream, { ...rest, ...place }, received);
        onTransfer(transfer);
        await this.#fill(transfer, offset, true).finally(() => transfer.close());
      }
      return transfer;
    } finally {
      this.#controller.abort();
      await Promise.all(this.#ahead.values());
    }
  }

  /**
   * Begins to fetch at `position`, unless what is on its way will be there soon; as soon as another
   * transfer ahead ends if there are too many.
   */
  fetchAhead(position: number): void {
    const { part } = this.#options;
    const { extents } = part;
    const isWanted = this.#size !== null && position < this.#size && extents.gapAt(position) > 0;
    if (!isWanted || this.#controller.signal.aborted) return;
    const fronts = [part.length, ...[...this.#ahead.keys()].map((start) => extents.endOf(start))];
    if (fronts.some((front) => front <= position && position - front < NEAR_BYTES)) return;
    if (this.#ahead.size >= MAX_AHEAD) {
      if (this.#waiting.size < MAX_WAITING) this.#waiting.add(position);
      return;
    }
    const aligned = position - position % ALIGNMENT_BYTES;
    const start = Math.max(aligned, extents.endBefore(position));
    const done = this.#fetchFrom(start).catch((error) => {
      log.debug("cannot fetch ahead", {
        file: this.#options.request.fileName,
        position: start,
        reason: reasonOf(error),
      });
    }).finally(() => {
      this.#ahead.delete(start);
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const next of waiting) this.fetchAhead(next);
    });
    this.#ahead.set(start, done);
  }

  async #fetchFrom(start: number): Promise<void> {
    const { upstream, request, part, identity } = this.#options;
    await part.recordHoles();
    const gap = part.extents.gapAt(start);
    const { deadlineAt: _, ...rest } = request;
    const transfer = await Transfer.open(upstream, {
      ...rest,
      offset: start,
      last: gap === Infinity ? null : start + gap - 1,
      identity,
      signal: this.#controller.signal,
    }, {
      reachesBackToStart: false,
      mayStartOver: false,
      readBack: async (position, length) => {
        const from = Math.max(start, position);
        const count = position + length - from;
        return count > 0 ? await part.readBack(from, count) : null;
      },
      startOver: () => Promise.reject(new Error("Cannot start over: clients have the bytes.")),
    });
    await this.#fill(transfer, start, false).finally(() => transfer.close());
  }

  /** Writes what a transfer brings, to the end or up to bytes that are there. */
  async #fill(transfer: Transfer, start: number, isFront: boolean): Promise<void> {
    const { part, hash, onBytes, pace } = this.#options;
    const { signal } = isFront ? this.#options : this.#controller;
    using writer = await part.writer(start);
    for (let position = start, chunk; (chunk = await transfer.read()) !== null;) {
      // Others may have written from here on meanwhile.
      const wanted = chunk.subarray(0, part.extents.gapAt(position));
      await this.#write(writer, wanted);
      part.extents.add(position, position + wanted.length);
      hash.take(position, wanted);
      position += wanted.length;
      onBytes(wanted.length);
      if (isFront) await pace(wanted.length, signal);
      signal.throwIfAborted();
      if (part.extents.gapAt(position) === 0) return;
    }
  }

  async #write(writer: PartWriter, bytes: Uint8Array): Promise<void> {
    for (let rest = bytes, tries = 0;; tries++) {
      const { written, error } = await writer.write(rest);
      if (error === null) return;
      rest = rest.subarray(written);
      if (tries === MAX_ROOM_TRIES || !isOutOfSpace(error) || !await this.#makeRoom()) throw error;
    }
  }

  async #makeRoom(): Promise<boolean> {
    const { room, part } = this.#options;
    const rest = this.#size === null ? UNKNOWN_REST_BYTES : this.#size - part.extents.count;
    return await room?.make(rest) ?? false;
  }

  /** The transfer ahead that is writing at `position`, or null. */
  #runningAt(position: number): Promise<void> | null {
    for (const [start, done] of this.#ahead) {
      if (start <= position && this.#options.part.extents.endOf(start) === position) return done;
    }
    return null;
  }
}

/** There is no room for a file, and none can be made. */
class NoRoomError extends PkgstashError {
  constructor(fileName: string, bytes: number) {
    super("storage", `Cannot store ${fileName}: there is no room for ${bytes} bytes.`);
  }
}

/** Whether an error says that the disk, or the share of it, is full. */
export function isOutOfSpace(error: unknown): boolean {
  if (error instanceof NoRoomError) return true;
  const { code } = error as { code?: string };
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Throws `storage` unless there is room for `bytes` more of a file. */
export async function requireRoom(
  room: Room | null,
  fileName: string,
  bytes: number,
): Promise<void> {
  if (bytes <= 0 || room === null || await room.make(bytes)) return;
  throw new NoRoomError(fileName, bytes);
}
