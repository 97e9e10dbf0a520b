import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { FileIdentity } from "./file_identity.ts";
import type { ReceivedBytes, TransferRequest } from "./mirror_search.ts";
import type { PartFile } from "./part_file.ts";
import type { PrefixHash } from "./prefix_hash.ts";
import { Origins } from "./origins.ts";
import { type ByteSource, Run, Runs } from "./runs.ts";
import { Stripe } from "./stripe.ts";
import { Stripes } from "./stripes.ts";
import { Transfer } from "./transfer.ts";

const log = eventLogger("download");

/** How many transfers may run ahead of a file's first one. */
const MAX_AHEAD = 4;
/** How many positions may wait for one of them to end. */
const MAX_WAITING = 64;
/**
 * Transfers ahead begin at multiples of this, so that clients that want nearly the same share one.
 */
const ALIGNMENT_BYTES = 256 * 1024;
/** Bytes this close to a position will arrive soon. */
const NEAR_BYTES = 1024 * 1024;
/** How often to make room for the same bytes before the disk counts as full. */
const MAX_ROOM_TRIES = 3;
/** How much room to make for a file of unknown length. */
const UNKNOWN_REST_BYTES = 16 * 1024 * 1024;

/** Makes room on the disk. */
export interface Room {
  /** Makes room for this many bytes; false if they cannot fit. */
  make(bytes: number): Promise<boolean>;
}

export interface FillingOptions {
  upstream: Upstream;
  /** The options for every transfer of the file, except for its position. */
  request: Omit<TransferRequest, "offset" | "last" | "identity" | "signal">;
  part: PartFile;
  hash: PrefixHash;
  identity: FileIdentity;
  /** What the transfers that begin at the first hole have received. */
  received: ReceivedBytes;
  room: Room | null;
  /** Whether several mirrors may send at once, because the whole file will be verified. */
  isStriped: boolean;
  /** Called with the number of bytes that have arrived. */
  onBytes: (count: number) => void;
  /** Awaited after each chunk at the front. */
  pace: (count: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Fills a part with the bytes of its file. Each hole is filled by a run: the front by a transfer
 * that moves from mirror to mirror; positions further ahead by another transfer, for clients that
 * resume there, or by stripes, for large files. A run ends where it reaches existing bytes, so each
 * byte is requested once, and what a run leaves out is a hole for the next one.
 */
export class Filling {
  /** Which mirror sent what. */
  readonly origins = new Origins();
  readonly #options: FillingOptions;
  readonly #runs: Runs;
  /** The runs that began ahead of the front for clients. */
  readonly #ahead = new Set<Run>();
  /** Positions at which to fetch when one of them ends. */
  readonly #waiting = new Set<number>();
  readonly #controller = new AbortController();
  #stripes: Stripes | null = null;
  #size: number | null;

  constructor(options: FillingOptions) {
    this.#options = options;
    this.#runs = new Runs(options.part.extents);
    this.#size = options.identity.size;
    const stop = () => this.#controller.abort(options.signal.reason);
    if (options.signal.aborted) stop();
    else options.signal.addEventListener("abort", stop, { once: true });
  }

  /** Length of the file; null until known. */
  get size(): number | null {
    return this.#size;
  }

  /**
   * Continues with `first` until the whole file is there; returns the last transfer at the front.
   */
  async run(first: Transfer, onTransfer: (transfer: Transfer) => void): Promise<Transfer> {
    const { upstream, request, part, identity, received } = this.#options;
    let transfer = first;
    const front = new Run(part.length, Infinity, null);
    front.readFrom(first);
    const filling = this.#begin(front, () => Promise.resolve(first), { isFront: true });
    using stripes = this.#stripes = this.#stripesBeside(first);
    try {
      await filling;
      this.#size ??= part.length;
      for (let isBounded = true; part.length < this.#size;) {
        const offset = part.length;
        const running = this.#runs.at(offset);
        if (running !== null) {
          await running.done;
          continue;
        }
        // Existing bytes end, and so did the run that brought them.
        const { deadlineAt: _, ...rest } = request;
        const limit = Math.min(stripes?.endOf(offset) ?? Infinity, this.#runs.nextAfter(offset));
        const run = new Run(offset, isBounded ? limit : Infinity, null);
        const last = run.end < this.#size ? run.end - 1 : null;
        const open = async () => {
          const place = { offset, last, identity, signal: this.#signalOf(run) };
          transfer = await Transfer.open(upstream, { ...rest, ...place }, received);
          onTransfer(transfer);
          return transfer;
        };
        await this.#begin(run, open, { isFront: true }).catch((error) => {
          if (last === null) throw error;
          // A transfer that need not end midway can be proven in more ways.
          isBounded = false;
          stripes?.[Symbol.dispose]();
        });
      }
      return transfer;
    } finally {
      stripes?.[Symbol.dispose]();
      this.#controller.abort();
      await Promise.all(this.#runs.inOrder.map(({ done }) => done));
    }
  }

  /**
   * Starts fetching at `position`, unless bytes in transit will be there soon; if too many runs are
   * ahead, as soon as one ends.
   */
  fetchAhead(position: number): void {
    const { part: { extents } } = this.#options;
    const isWanted = this.#size !== null && position < this.#size && extents.gapAt(position) > 0;
    if (!isWanted || this.#controller.signal.aborted) return;
    const fronts = this.#runs.inOrder.map((run) => run.position);
    if (fronts.some((front) => front <= position && position - front < NEAR_BYTES)) return;
    if (this.#ahead.size >= MAX_AHEAD) {
      if (this.#waiting.size < MAX_WAITING) this.#waiting.add(position);
      return;
    }
    const aligned = position - position % ALIGNMENT_BYTES;
    const run = new Run(Math.max(aligned, extents.endBefore(position)), Infinity, null);
    this.#ahead.add(run);
    this.#beginBeside(run, () => this.#openAhead(run)).finally(() => {
      this.#ahead.delete(run);
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const next of waiting) this.fetchAhead(next);
    });
  }

  async #openAhead(run: Run): Promise<ByteSource> {
    const { upstream, request, part, identity } = this.#options;
    const { start } = run;
    await part.recordHoles();
    const gap = part.extents.gapAt(start);
    const { deadlineAt: _, ...rest } = request;
    return await Transfer.open(upstream, {
      ...rest,
      offset: start,
      last: gap === Infinity ? null : start + gap - 1,
      identity,
      signal: this.#signalOf(run),
    }, {
      reachesBackToStart: false,
      mayStartOver: false,
      readBack: async (position, length) => {
        const from = Math.max(start, position);
        const count = position + length - from;
        return count > 0 ? await part.readBack(from, count) : null;
      },
      startOver: () =>
        Promise.reject(new Error("Cannot restart: clients already have these bytes.")),
    });
  }

  /** The stripes beside the first transfer; null if the file comes from one mirror at a time. */
  #stripesBeside(first: Transfer): Stripes | null {
    const { upstream: { striping }, request, part: { extents }, isStriped } = this.#options;
    const size = this.#size;
    if (!isStriped || size === null || !striping.allows(size - extents.count)) return null;
    return new Stripes({
      striping,
      request,
      size,
      extents,
      runs: this.#runs,
      first,
      begin: ({ start, end }, mirror) => {
        const run = new Run(start, end, mirror);
        void this.#beginBeside(run, () => this.#openStripe(run, mirror));
      },
    });
  }

  async #openStripe(run: Run, mirror: Mirror): Promise<ByteSource> {
    const { upstream, request, part, identity } = this.#options;
    const { deadlineAt: _, ...rest } = request;
    const { start: offset, end } = run;
    const place = { offset, last: end - 1, identity, mirror, signal: this.#signalOf(run) };
    const [stripe] = await Promise.all([
      Stripe.open(upstream, { ...rest, ...place }),
      part.recordHoles(),
    ]);
    return stripe;
  }

  /** Begins a run ahead of the front, whose failure affects nothing else. */
  async #beginBeside(run: Run, open: () => Promise<ByteSource>): Promise<void> {
    try {
      await this.#begin(run, open, { isFront: false });
    } catch (error) {
      log.debug("cannot fetch ahead", {
        file: this.#options.request.fileName,
        position: run.start,
        reason: reasonOf(error),
      });
    }
  }

  /** Fills the hole of a run. Throws what ended it, unless it was stopped. */
  async #begin(
    run: Run,
    open: () => Promise<ByteSource>,
    { isFront }: { isFront: boolean },
  ): Promise<void> {
    this.#runs.add(run);
    const filling = this.#follow(run, open, isFront).catch((error) => {
      if (run.signal.aborted) return;
      if (run.only !== null) this.#stripes?.leave(run.only);
      throw error;
    }).finally(() => {
      this.#runs.remove(run);
      this.#stripes?.plan();
    });
    run.done = filling.catch(() => {});
    await filling;
  }

  /** Writes the bytes of a run, to its end or up to existing bytes. */
  async #follow(run: Run, open: () => Promise<ByteSource>, isFront: boolean): Promise<void> {
    const { part, hash, onBytes, pace, request: { isAwaited = false } } = this.#options;
    const { signal } = isFront ? this.#options : this.#controller;
    const source = await open();
    run.readFrom(source);
    try {
      for (let chunk; (chunk = await source.read()) !== null;) {
        if (run.signal.aborted) return;
        const { position } = run;
        // Others may have written from here on meanwhile.
        const wanted = chunk.subarray(0, part.extents.gapAt(position));
        await this.#write(position, wanted);
        run.position += wanted.length;
        part.extents.add(position, run.position);
        this.origins.add(position, run.position, source.mirror);
        hash.take(position, wanted);
        onBytes(wanted.length);
        // Clients waiting for the first bytes get them before anything else is done.
        if (position === 0 && isAwaited) await eventLoopTurn();
        if (isFront) await pace(wanted.length, signal);
        signal.throwIfAborted();
        if (run.position < run.end && part.extents.gapAt(run.position) === 0) return;
      }
    } finally {
      // If left open, it would bring more than is wanted.
      source.close();
    }
  }

  #signalOf(run: Run): AbortSignal {
    return AbortSignal.any([run.signal, this.#controller.signal]);
  }

  async #write(start: number, bytes: Uint8Array): Promise<void> {
    const { part } = this.#options;
    for (let position = start, rest = bytes, tries = 0;; tries++) {
      const { written, error } = await part.write(position, rest);
      if (error === null) return;
      position += written;
      rest = rest.subarray(written);
      if (tries === MAX_ROOM_TRIES || !isOutOfSpace(error) || !await this.#makeRoom()) throw error;
    }
  }

  async #makeRoom(): Promise<boolean> {
    const { room, part } = this.#options;
    const rest = this.#size === null ? UNKNOWN_REST_BYTES : this.#size - part.extents.count;
    return await room?.make(rest) ?? false;
  }
}

/** A file does not fit, and no room can be made for it. */
class NoRoomError extends PkgstashError {
  constructor(fileName: string, bytes: number) {
    super("storage", `Cannot store ${fileName}: there is no space for ${bytes} bytes.`);
  }
}

/** Whether an error means that the disk or its quota is full. */
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
