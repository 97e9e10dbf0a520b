import { deadline } from "@std/async/deadline";
import type { Hash } from "node:crypto";
import { Notifier } from "../../async/notifier.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { DownloadOpening, DownloadOutcome, DownloadRequest } from "./download_request.ts";
import { Filling, isOutOfSpace, requireRoom } from "./filling.ts";
import type { ReceivedBytes } from "./mirror_search.ts";
import { PartFile } from "./part_file.ts";
import { PrefixHash } from "./prefix_hash.ts";
import { checkStreamEnd } from "./stream_end.ts";
import { Transfer } from "./transfer.ts";

/** Files up to this length are checked whole before anybody gets a byte, if they arrive soon. */
const HELD_BYTES = 1_000_000;
const HELD_MS = 500;
/** How many mirrors may send wrong bytes while nobody has got any. */
const MAX_REFUSALS = 3;

/**
 * One file on its way from the mirrors to the cache. It belongs to the daemon: clients read what
 * has arrived, and may come and go. The last byte is held back until the whole file has been
 * checked, so a client that receives all of a file receives the right one.
 */
export class Download {
  /** Resolves when a mirror begins to send; to null if there is nothing to send. */
  readonly opened: Promise<DownloadOpening | null>;
  /** Resolves when the file is in its place. */
  readonly done: Promise<DownloadOutcome>;
  readonly request: DownloadRequest;
  readonly #upstream: Upstream;
  readonly #controller = new AbortController();
  readonly #progress = new Notifier();
  #hash: PrefixHash | null = null;
  #filling: Filling | null = null;
  #size: number | null = null;
  #isAnnounced = false;
  /** Whether bytes are being received that belong to those in the part. */
  #hasBegun = false;
  #isComplete = false;
  #failure: PkgstashError | null = null;
  #part: PartFile | null = null;
  #transfer: Transfer | null = null;

  constructor(upstream: Upstream, request: DownloadRequest) {
    this.#upstream = upstream;
    this.request = request;
    const opening = Promise.withResolvers<DownloadOpening | null>();
    this.opened = opening.promise;
    this.done = this.#run(opening.resolve);
    // Nobody has to wait for either of them.
    this.done.catch(opening.reject);
    this.opened.catch(() => {});
  }

  /** How many bytes from the start may be handed out. */
  get released(): number {
    return this.releasedFrom(0);
  }

  /** Length of the whole file in bytes, or null while it is not known. */
  get size(): number | null {
    return this.#size ?? this.#filling?.size ?? null;
  }

  /** Whether the bytes at `position` came ahead of others, so that their check takes its time. */
  isAhead(position: number): boolean {
    return !this.#isComplete && this.#part !== null && this.#part.length < position;
  }

  /** The end of the bytes that may be handed out from `position` on; `position` if there are none. */
  releasedFrom(position: number): number {
    if (this.#isComplete) return this.#size ?? 0;
    if (this.#part === null || !this.#isAnnounced) return position;
    const end = this.#part.extents.endOf(position);
    // Any byte may be the last if the length is not known.
    return Math.max(position, Math.min(end, (this.size ?? end) - 1));
  }

  /** The hash of the first `position` bytes, to be continued; null if it is not known. */
  hashAt(position: number): Hash | null {
    return this.#hash?.at(position) ?? null;
  }

  /** Begins to fetch at `position`, for a client that cannot wait until the download gets there. */
  fetchAhead(position: number): void {
    if (this.#isAnnounced && !this.#isComplete) this.#filling?.fetchAhead(position);
  }

  /** The mirror that sends, or sent last; null before the first. */
  get mirror(): Mirror | null {
    return this.#transfer?.mirror ?? null;
  }

  /** Whether all bytes have been released. */
  get complete(): boolean {
    return this.#isComplete;
  }

  /** Waits until more bytes are released or all are; throws if the download has failed. */
  async progress(): Promise<void> {
    if (this.#failure === null && !this.#isComplete) await this.#progress.next;
    if (this.#failure !== null) throw this.#failure;
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

  /** Opens the bytes for reading, in the part file or in the finished one. */
  async openBytes(): Promise<Deno.FsFile> {
    try {
      return await Deno.open(`${this.request.partBase}.part`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      return await Deno.open(this.request.finalPath);
    } catch (error) {
      // A download that is failing has discarded its part already: say why.
      if (error instanceof Deno.errors.NotFound) await this.progress();
      throw error;
    }
  }

  /** Stops the download. The bytes received stay for a later one to resume. */
  abort(): void {
    this.#controller.abort(
      new PkgstashError(
        "upstream",
        `Cannot finish ${this.request.fileName}: the download was stopped.`,
      ),
    );
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
      // The disk may be what failed.
      await this.#part?.close().catch(() => {});
    }
  }

  async #fetch(announce: (opening: DownloadOpening | null) => void): Promise<DownloadOutcome> {
    const { finalPath, fileName, room = null } = this.request;
    // Another download may have finished after the caller looked.
    const present = await statIfPresent(finalPath);
    if (present?.isFile && present.size > 0) {
      announce(null);
      return { result: "present" };
    }
    const expectation = await this.#expectation();
    const part = this.#part = await PartFile.open(this.request.partBase);
    try {
      await requireRoom(room, fileName, (expectation?.size ?? 0) - part.length);
    } catch (error) {
      await part.discard();
      throw error;
    }
    const refused = new Set<Mirror>();
    for (let refusal: unknown = null;;) {
      const transfer = await this.#open(part, { expectation, refused })
        .catch((error) => Promise.reject(refusal ?? error));
      this.#transfer = transfer;
      try {
        if (transfer.isUnchanged) {
          await part.discard();
          announce(null);
          return { result: "unchanged", mirror: transfer.mirror };
        }
        if (expectation?.size == null) {
          await requireRoom(room, fileName, (transfer.identity.size ?? 0) - part.length);
        }
        return await this.#receive(part, transfer, { announce, expectation });
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
        // Nobody has a byte of it, so another mirror may send the file from its start.
        await part.clear();
        this.#hasBegun = false;
      } finally {
        transfer.close();
      }
    }
  }

  /** The mirrors that may be asked, in order, without those that have been refused. */
  #othersThan(refused: ReadonlySet<Mirror>): Mirror[] {
    const { only, repository: { directory } } = this.request;
    const { pool } = this.#upstream;
    const { ready, resting } = pool.candidates(directory);
    const all = only ?? [...ready, ...resting, ...(pool.archive === null ? [] : [pool.archive])];
    return all.filter((mirror) => !refused.has(mirror));
  }

  async #open(
    part: PartFile,
    { expectation, refused }: { expectation: Expectation | null; refused: ReadonlySet<Mirror> },
  ): Promise<Transfer> {
    try {
      return await Transfer.open(this.#upstream, {
        ...this.request,
        ...(refused.size === 0 ? {} : { only: this.#othersThan(refused) }),
        expectedSize: expectation?.size ?? null,
        offset: part.length,
        last: null,
        identity: part.identity,
        signal: this.#controller.signal,
      }, this.#receivedBytes(part));
    } catch (error) {
      if (part.length === 0) await part.discard();
      throw error;
    }
  }

  /** Receives the file, announces it to clients, checks it and puts it in its place. */
  async #receive(
    part: PartFile,
    first: Transfer,
    { announce, expectation }: {
      announce: (opening: DownloadOpening) => void;
      expectation: Expectation | null;
    },
  ): Promise<DownloadOutcome> {
    const { onBytes, pace, room = null } = this.request;
    const { identity } = first;
    this.#hasBegun = true;
    if (part.identity !== identity) await part.setIdentity(identity);
    const hash = this.#hash = new PrefixHash(part);
    const filling = this.#filling = new Filling({
      upstream: this.#upstream,
      request: { ...this.request, expectedSize: expectation?.size ?? null },
      part,
      hash,
      identity,
      received: this.#receivedBytes(part),
      room,
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
    const heldMs = this.#heldMs(first, expectation);
    const timer = heldMs === 0 ? undefined : setTimeout(open, heldMs);
    if (heldMs === 0) open();
    try {
      const last = await filling.run(first, (transfer) => this.#transfer = transfer);
      await this.#check(part, { hash, last });
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
   * How long nobody gets a byte because the whole file may be checked soon. Then a wrong one does no
   * harm: pacman keeps the beginning of a file that broke off.
   */
  #heldMs(transfer: Transfer, expectation: Expectation | null): number {
    const { kind, patienceMs } = this.request;
    const { size } = transfer.identity;
    if (kind !== "package") return 0;
    if (expectation !== null && expectation.sha256 !== null) {
      return size !== null && size <= HELD_BYTES ? Math.min(HELD_MS, patienceMs / 2) : 0;
    }
    return size === null && transfer.endsWithConnection ? patienceMs / 2 : 0;
  }

  /** Checks the complete part; throws to refuse it. */
  async #check(
    part: PartFile,
    { hash, last }: { hash: PrefixHash; last: Transfer },
  ): Promise<void> {
    const { fileName, kind, examine } = this.request;
    const { identity, mirror } = last;
    const sha256 = await hash.digest();
    // Ask again: a database with another expectation may have been published meanwhile.
    const expected = (await this.#expectation())?.sha256 ?? null;
    try {
      if (expected !== null && sha256 !== expected) {
        throw new PkgstashError(
          "content",
          `Cannot accept ${fileName}: its SHA-256 is ${sha256}, and the database says ${expected}.`,
        );
      }
      if (expected === null && identity.size === null && last.endsWithConnection) {
        await checkStreamEnd(kind, fileName, part.path);
      }
      await examine?.(part.path, mirror, identity);
    } catch (error) {
      // Whatever the reason, these bytes are not to be resumed.
      if (!(error instanceof PkgstashError && error.kind === "content")) await part.discard();
      this.#upstream.recordFailure({ mirror, error }, this.request);
      throw error;
    }
  }

  async #expectation(): Promise<Expectation | null> {
    const { expectations, fileName, repository } = this.request;
    return await expectations?.expectationOf(repository, fileName) ?? null;
  }

  #receivedBytes(part: PartFile): ReceivedBytes {
    // What has begun is announced, or will be: length and date must go with the bytes.
    const hasBegun = () => this.#hasBegun;
    return {
      reachesBackToStart: true,
      get mayStartOver() {
        return !hasBegun();
      },
      readBack: (position, length) => part.readBack(position, length),
      startOver: async () => {
        // Clients of an earlier run may have these bytes.
        this.request.onRefused?.(part.length);
        await part.clear();
      },
    };
  }

  async #untilReleased(position: number): Promise<void> {
    while (this.releasedFrom(position) <= position && !this.#isComplete) await this.progress();
  }
}
