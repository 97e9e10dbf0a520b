import { deadline } from "@std/async/deadline";
import type { Hash } from "node:crypto";
import { Notifier } from "../../async/notifier.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { checkWhole, expectationOf } from "./download_check.ts";
import type { DownloadOpening, DownloadOutcome, DownloadRequest } from "./download_request.ts";
import type { FileIdentity } from "./file_identity.ts";
import { heldMsOf } from "./held_back.ts";
import { Filling, isOutOfSpace, requireRoom } from "./filling.ts";
import { fetchFromOne, MixedFileError } from "./mixed_file.ts";
import { PartBytes, type PartBytesReader } from "./part_bytes.ts";
import { PartFile } from "./part_file.ts";
import { PrefixHash } from "./prefix_hash.ts";
import { ReceivedPart } from "./received_part.ts";
import { Transfer } from "./transfer.ts";

/** How many mirrors may send wrong bytes while no client has received any. */
const MAX_REFUSALS = 3;

/**
 * One file on its way from the mirrors to the cache. It belongs to the daemon: clients read what
 * has arrived, and may come and go. The last byte is held back until the whole file has been
 * verified, so a client that receives a complete file receives the right one.
 */
export class Download {
  /** Resolves when the file is in place. */
  readonly done: Promise<DownloadOutcome>;
  readonly request: DownloadRequest;
  readonly #upstream: Upstream;
  readonly #controller = new AbortController();
  readonly #progress = new Notifier();
  #hash: PrefixHash | null = null;
  #filling: Filling | null = null;
  #size: number | null = null;
  #isAnnounced = false;
  /** Whether incoming bytes belong to those already in the part. */
  #hasBegun = false;
  #isComplete = false;
  #failure: PkgstashError | null = null;
  /** Why clients get no more of what they have begun to read; null if they do. */
  #refusal: PkgstashError | null = null;
  #opening = Promise.withResolvers<DownloadOpening | null>();
  #openingPart: Promise<PartFile> | null = null;
  #part: PartFile | null = null;
  #transfer: Transfer | null = null;

  constructor(upstream: Upstream, request: DownloadRequest) {
    this.#upstream = upstream;
    this.request = request;
    this.done = this.#run((opening) => this.#opening.resolve(opening));
    // Nobody needs to await either of them.
    this.done.catch((error) => this.#opening.reject(error));
    this.opened.catch(() => {});
  }

  /**
   * Resolves when a mirror begins to send; to null if there is nothing to send, or if the file is
   * already in place because what was sent first was refused.
   */
  get opened(): Promise<DownloadOpening | null> {
    return this.#opening.promise;
  }

  /** How many bytes from the start may be handed out. */
  get released(): number {
    return this.releasedFrom(0);
  }

  /** Length of the whole file in bytes; null until known. */
  get size(): number | null {
    return this.#size ?? this.#filling?.size ?? null;
  }

  /**
   * Whether the bytes at `position` arrived ahead of others, so that verifying them takes a while.
   */
  isAhead(position: number): boolean {
    return !this.#isComplete && this.#part !== null && this.#part.length < position;
  }

  /**
   * The end of the bytes that may be handed out from `position` on; `position` if there are none.
   */
  releasedFrom(position: number): number {
    if (this.#refusal !== null) return position;
    if (this.#isComplete) return this.#size ?? 0;
    if (this.#part === null || !this.#isAnnounced) return position;
    const end = this.#part.extents.endOf(position);
    // Any byte may be the last if the length is unknown.
    return Math.max(position, Math.min(end, (this.size ?? end) - 1));
  }

  /** The hash of the first `position` bytes, to be continued; null if unknown. */
  hashAt(position: number): Hash | null {
    return this.#hash?.at(position) ?? null;
  }

  /** Starts fetching at `position`, for a client that cannot wait until the download gets there. */
  fetchAhead(position: number): void {
    if (this.#isAnnounced && !this.#isComplete) this.#filling?.fetchAhead(position);
  }

  /** The mirror that is sending, or sent last; null before the first. */
  get mirror(): Mirror | null {
    return this.#transfer?.mirror ?? null;
  }

  /** How many bytes each mirror has sent, largest share first. */
  get sources(): { mirror: string; bytes: number }[] {
    return this.#filling?.origins.bytes ?? [];
  }

  /** Whether all bytes have been released. */
  get complete(): boolean {
    return this.#isComplete && this.#refusal === null;
  }

  /** Waits until more bytes are released or all are; throws if no more will be. */
  async progress(): Promise<void> {
    const error = () => this.#failure ?? this.#refusal;
    if (error() === null && !this.#isComplete) await this.#progress.next;
    if (error() !== null) throw error();
  }

  /** Waits until the byte at `position` is released; false if that takes more than `patienceMs`. */
  async reaches(position: number, patienceMs: number): Promise<boolean> {
    try {
      await deadline(this.#untilReleased(position), Math.max(0, patienceMs));
      return true;
    } catch (error) {
      if (isTimeout(error)) return false;
      throw error;
    }
  }

  /**
   * Opens the bytes for a reader, who must dispose of it: those of the part, or of the finished
   * file.
   */
  async openBytes(): Promise<PartBytesReader> {
    const reader = this.#part?.bytes.addReader() ?? null;
    if (reader !== null) return reader;
    try {
      return await PartBytes.readFinished(this.request.finalPath);
    } catch (error) {
      // A failing download has already discarded its part: say why.
      if (error instanceof Deno.errors.NotFound) await this.progress();
      throw error;
    }
  }

  /** Stops the download. The received bytes stay for a later one to resume. */
  abort(): void {
    const message = `Cannot finish ${this.request.fileName}: the download was stopped.`;
    this.#controller.abort(new PkgstashError("upstream", message));
  }

  async #run(announce: (opening: DownloadOpening | null) => void): Promise<DownloadOutcome> {
    try {
      const outcome = await this.#fetch(announce);
      this.#isComplete = true;
      return outcome;
    } catch (error) {
      this.#failure = error instanceof PkgstashError ? error : new PkgstashError(
        "storage",
        `Cannot store ${this.request.fileName}: ${reasonOf(error)}.`,
        { cause: error },
      );
      throw this.#failure;
    } finally {
      this.#hash?.stop();
      this.#progress.notify();
      // The failure may be the disk's.
      await this.#openingPart?.then((part) => part.close()).catch(() => {});
    }
  }

  async #fetch(announce: (opening: DownloadOpening | null) => void): Promise<DownloadOutcome> {
    const { finalPath, fileName, partBase, room = null } = this.request;
    const expectation = await expectationOf(this.request);
    const size = expectation?.size ?? 0;
    const [present, isLeft, lack] = await Promise.all([
      // Another download may have finished since the caller checked.
      statIfPresent(finalPath),
      PartFile.isLeft(partBase),
      // Together with the other downloads, for the whole file: the remainder is not known yet.
      requireRoom(room, fileName, size).then(() => null, (error) => error),
    ]);
    if (present?.isFile && present.size > 0) {
      announce(null);
      return { result: "present" };
    }
    const opening = this.#openingPart = PartFile.open(partBase, { isLeft });
    // Without a mirror, there is nothing to request.
    opening.catch((error) => this.#controller.abort(error));
    // Only existing bytes change the request to a mirror, so a new part is created meanwhile.
    const left = isLeft ? await opening : null;
    try {
      if (left === null && lack !== null) throw lack;
      if (left !== null && lack !== null) await requireRoom(room, fileName, size - left.length);
    } catch (error) {
      await (await opening).discard();
      throw error;
    }
    const refused = new Set<Mirror>();
    for (let refusal: unknown = null;;) {
      const only = refused.size === 0 ? null : this.#othersThan(refused);
      const transfer = await this.#open(opening, { left, expectation, only })
        .catch(async (error) => {
          const part = await opening;
          if (part.length === 0) await part.discard();
          throw refusal ?? error;
        });
      this.#transfer = transfer;
      const part = this.#part = await opening;
      try {
        if (transfer.isUnchanged) {
          await part.discard();
          announce(null);
          return { result: "unchanged", mirror: transfer.mirror };
        }
        if (expectation?.size == null) {
          await requireRoom(room, fileName, (transfer.identity.size ?? 0) - part.length);
        }
        const { identity } = transfer;
        return await this.#receive(part, transfer, { announce, expectation, only })
          .catch((error) => {
            if (!(error instanceof MixedFileError)) throw error;
            return this.#receiveAgain(part, error, { identity, expectation });
          });
      } catch (error) {
        const isWrong = error instanceof PkgstashError && error.kind === "content";
        refused.add(this.#transfer.mirror);
        const isLast = refused.size > MAX_REFUSALS || this.#othersThan(refused).length === 0;
        if (!isWrong || this.#isAnnounced || isLast) {
          if (isWrong && this.#isAnnounced) this.request.onRefused?.(this.released);
          // On a full disk, other files need the space.
          if (isWrong || isOutOfSpace(error)) await part.discard();
          throw error;
        }
        refusal = error;
        // No client has a byte of it, so another mirror may send the file from the start.
        await part.clear();
        this.#hasBegun = false;
      } finally {
        transfer.close();
      }
    }
  }

  /** The mirrors to ask, in order, without those that have been refused. */
  #othersThan(refused: ReadonlySet<Mirror>): Mirror[] {
    const { only, repository: { directory } } = this.request;
    const { pool } = this.#upstream;
    const { ready, resting } = pool.candidates(directory);
    const all = only ?? [...ready, ...resting, ...(pool.archive === null ? [] : [pool.archive])];
    return all.filter((mirror) => !refused.has(mirror));
  }

  async #open(
    opening: Promise<PartFile>,
    { left, expectation, only }: {
      /** The part if it contains bytes. */
      left: PartFile | null;
      expectation: Expectation | null;
      only: readonly Mirror[] | null;
    },
  ): Promise<Transfer> {
    const offset = left?.length ?? 0;
    const gap = left?.extents.gapAt(offset) ?? Infinity;
    return await Transfer.open(this.#upstream, {
      ...this.request,
      ...(only === null ? {} : { only }),
      expectedSize: expectation?.size ?? null,
      offset,
      last: gap === Infinity ? null : offset + gap - 1,
      identity: left?.identity ?? null,
      signal: this.#controller.signal,
    }, this.#receivedBytes(opening));
  }

  /** Receives the file, announces it to clients, verifies it and moves it into place. */
  async #receive(
    part: PartFile,
    first: Transfer,
    { announce, expectation, only }: {
      announce: (opening: DownloadOpening) => void;
      expectation: Expectation | null;
      /** The only mirrors that may send; null for all. */
      only: readonly Mirror[] | null;
    },
  ): Promise<DownloadOutcome> {
    const { onBytes, pace, room = null } = this.request;
    const { identity } = first;
    this.#hasBegun = true;
    if (part.identity !== identity) part.setIdentity(identity);
    const hash = this.#hash = new PrefixHash(part);
    const filling = this.#filling = new Filling({
      upstream: this.#upstream,
      request: {
        ...this.request,
        ...(only === null ? {} : { only }),
        expectedSize: expectation?.size ?? null,
      },
      part,
      hash,
      identity,
      received: this.#receivedBytes(Promise.resolve(part)),
      room,
      isStriped: only?.length !== 1 && pace === undefined && (expectation?.sha256 ?? null) !== null,
      onBytes: (count) => {
        onBytes?.(count);
        this.#progress.notify();
      },
      pace: async (count, signal) => await pace?.(count, signal),
      signal: this.#controller.signal,
    });
    const open = () => {
      if (this.#isAnnounced) return;
      this.#isAnnounced = true;
      announce({ identity, inode: part.inode });
      this.#progress.notify();
    };
    const heldMs = heldMsOf(this.request, first, expectation);
    const timer = heldMs === 0 ? undefined : setTimeout(open, heldMs);
    if (heldMs === 0) open();
    try {
      const last = await filling.run(first, (transfer) => this.#transfer = transfer);
      await checkWhole(part, this.#upstream, {
        request: this.request,
        sha256: await hash.digest(),
        last,
        // Without an announcement, no client has a byte of it.
        origins: this.#isAnnounced ? filling.origins : null,
      });
      this.#size = part.length;
      this.#isComplete = true;
      open();
      this.#progress.notify();
      await part.publish(this.request.finalPath);
      const { mirror } = last;
      return {
        result: "fetched",
        identity,
        size: part.length,
        sha256: await hash.digest(),
        mirror,
      };
    } finally {
      clearTimeout(timer);
      hash.stop();
    }
  }

  /**
   * Receives a file that several mirrors sent together and that was wrong, using one mirror after
   * another. Clients that may hold wrong bytes get no more; others wait for the outcome.
   */
  async #receiveAgain(
    part: PartFile,
    cause: MixedFileError,
    { identity, expectation }: { identity: FileIdentity; expectation: Expectation | null },
  ): Promise<DownloadOutcome> {
    this.#refuse(cause);
    const { finalPath, fileName, room = null } = this.request;
    const outcome = await fetchFromOne(part, cause, {
      identity,
      finalPath,
      receive: async (mirror) => {
        await requireRoom(room, fileName, (identity.size ?? 0) - part.length);
        const only = [mirror];
        const opening = Promise.resolve(part);
        const transfer = await this.#open(opening, { left: part, expectation, only });
        this.#transfer = transfer;
        const announce = () => {};
        return await this.#receive(part, transfer, { announce, expectation, only })
          .finally(() => transfer.close());
      },
      signal: this.#controller.signal,
      onWrong: (mirror) => this.#upstream.recordFailure({ mirror, error: cause }, this.request),
    });
    this.#opening.resolve(null);
    return outcome;
  }

  /** Stops handing out what clients have begun to read, because they may hold wrong bytes. */
  #refuse(error: PkgstashError): void {
    this.request.onRefused?.(this.released);
    this.#refusal = error;
    this.#opening = Promise.withResolvers();
    this.#opening.promise.catch(() => {});
    this.#progress.notify();
  }

  #receivedBytes(opening: Promise<PartFile>): ReceivedPart {
    return new ReceivedPart({
      opening,
      // What has begun is or will be announced: length and date must match the bytes.
      mayStartOver: () => !this.#hasBegun,
      // Clients of an earlier run may have these bytes.
      onDropped: (count) => this.request.onRefused?.(count),
    });
  }

  async #untilReleased(position: number): Promise<void> {
    while (this.releasedFrom(position) <= position && !this.#isComplete) await this.progress();
  }
}
