import { deadline } from "@std/async/deadline";
import { createHash } from "node:crypto";
import { Notifier } from "../../async/notifier.ts";
import { isTimeout, PkgstashError, reasonOf } from "../../errors.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import type { FileIdentity } from "./file_identity.ts";
import type { ReceivedBytes, TransferRequest } from "./mirror_search.ts";
import { PartFile } from "./part_file.ts";
import { checkStreamEnd } from "./stream_end.ts";
import { Transfer } from "./transfer.ts";

/** How much of a resumed part is hashed at a time. */
const HASH_STEP_BYTES = 1024 * 1024;

/** Knows what the served database says of a file. */
export interface Expectations {
  expectationOf(repository: Repository, fileName: string): Promise<Expectation | null>;
}

export interface DownloadRequest
  extends Omit<TransferRequest, "offset" | "last" | "identity" | "expectedSize" | "signal"> {
  /** Path of the part file without its suffix. */
  partBase: string;
  /** Where the finished file goes. */
  finalPath: string;
  /** What the finished file is checked against; null for a file that no database lists. */
  expectations: Expectations | null;
  /** Examines the complete part before its last byte is released; throws to refuse it. */
  examine?: (partPath: string, mirror: Mirror, identity: FileIdentity) => Promise<void>;
  /** Called with the number of bytes that have arrived. */
  onBytes?: (count: number) => void;
  /** Awaited after each chunk, to slow down a download that no client waits for. */
  pace?: (count: number, signal: AbortSignal) => Promise<void>;
}

/** How a download that did not fail ended. */
export type DownloadOutcome =
  | FetchedOutcome
  /** The file was there already. */
  | { result: "present" }
  /** The file of `mirror` is not newer than `ifModifiedSince`. */
  | { result: "unchanged"; mirror: Mirror };

interface FetchedOutcome {
  result: "fetched";
  identity: FileIdentity;
  /** Bytes. */
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** The mirror that sent the last bytes. */
  mirror: Mirror;
}

/** What is known when the first bytes arrive. */
export interface DownloadOpening {
  identity: FileIdentity;
  inode: number;
}

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
  #hash = createHash("sha256");
  #released = 0;
  #size: number | null = null;
  #isAnnounced = false;
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
    return this.#released;
  }

  /** Length of the whole file in bytes, or null while it is not known. */
  get size(): number | null {
    return this.#isComplete ? this.#released : this.#size;
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
      this.#progress.notify();
      this.#part?.close();
    }
  }

  async #fetch(announce: (opening: DownloadOpening | null) => void): Promise<DownloadOutcome> {
    // Another download may have finished after the caller looked.
    const present = await statIfPresent(this.request.finalPath);
    if (present?.isFile && present.size > 0) {
      announce(null);
      return { result: "present" };
    }
    const expectation = await this.#expectation();
    const part = this.#part = await PartFile.open(this.request.partBase);
    const transfer = this.#transfer = await this.#open(part, expectation?.size ?? null);
    if (transfer.isUnchanged) {
      await part.discard();
      announce(null);
      return { result: "unchanged", mirror: transfer.mirror };
    }
    try {
      const { identity } = transfer;
      if (part.identity !== identity) await part.setIdentity(identity);
      this.#size = identity.size;
      await this.#hashExisting(part);
      this.#release(part.length - 1);
      this.#isAnnounced = true;
      announce({ identity, inode: part.inode });
      await this.#receive(part, transfer);
      return await this.#finish(part, transfer);
    } catch (error) {
      const isWrong = error instanceof PkgstashError && error.kind === "content";
      // On a full disk, other files need the space.
      if (isWrong || isOutOfSpace(error)) await part.discard();
      throw error;
    } finally {
      transfer.close();
    }
  }

  async #open(part: PartFile, expectedSize: number | null): Promise<Transfer> {
    try {
      return await Transfer.open(this.#upstream, {
        ...this.request,
        expectedSize,
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

  /** Appends everything that arrives to the part. */
  async #receive(part: PartFile, transfer: Transfer): Promise<void> {
    const { onBytes, pace } = this.request;
    const { signal } = this.#controller;
    for (let chunk; (chunk = await transfer.read()) !== null;) {
      const written = part.append(chunk);
      this.#hash.update(chunk);
      await written;
      onBytes?.(chunk.length);
      this.#release(part.length - 1);
      await pace?.(chunk.length, signal);
      signal.throwIfAborted();
    }
  }

  /** Checks the complete part, releases its last byte and puts it in its place. */
  async #finish(part: PartFile, transfer: Transfer): Promise<DownloadOutcome> {
    const { fileName, finalPath, kind, examine } = this.request;
    const { identity, mirror } = transfer;
    // Ask again: a database with another expectation may have been published meanwhile.
    const expected = (await this.#expectation())?.sha256 ?? null;
    const sha256 = this.#hash.digest("hex");
    try {
      if (expected !== null && sha256 !== expected) {
        throw new PkgstashError(
          "content",
          `Cannot accept ${fileName}: its SHA-256 is ${sha256}, and the database says ${expected}.`,
        );
      }
      if (expected === null && identity.size === null && transfer.endsWithConnection) {
        await checkStreamEnd(kind, fileName, part.path);
      }
      await examine?.(part.path, mirror, identity);
    } catch (error) {
      await part.discard();
      this.#upstream.recordFailure({ mirror, error }, this.request);
      throw error;
    }
    this.#isComplete = true;
    this.#release(part.length);
    await part.publish(finalPath);
    return { result: "fetched", identity, size: part.length, sha256, mirror };
  }

  async #expectation(): Promise<Expectation | null> {
    const { expectations, fileName, repository } = this.request;
    return await expectations?.expectationOf(repository, fileName) ?? null;
  }

  #receivedBytes(part: PartFile): ReceivedBytes {
    // Clients that were announced a length and a date must get the bytes that go with them.
    const isAnnounced = () => this.#isAnnounced;
    return {
      reachesBackToStart: true,
      get mayStartOver() {
        return !isAnnounced();
      },
      readBack: (position, length) => part.readBack(position, length),
      startOver: async () => {
        await part.clear();
        this.#hash = createHash("sha256");
      },
    };
  }

  async #hashExisting(part: PartFile): Promise<void> {
    for (let position = 0; position < part.length; position += HASH_STEP_BYTES) {
      const length = Math.min(HASH_STEP_BYTES, part.length - position);
      this.#hash.update(await part.readBack(position, length));
    }
  }

  async #untilReleased(position: number): Promise<void> {
    while (this.#released <= position && !this.#isComplete) await this.progress();
  }

  #release(count: number): void {
    if (count <= this.#released) return;
    this.#released = count;
    this.#progress.notify();
  }
}

function isOutOfSpace(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOSPC" || code === "EDQUOT";
}
