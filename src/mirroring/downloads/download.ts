import { createHash, type Hash } from "node:crypto";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { FileIdentity } from "./file_identity.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PartFile } from "./part_file.ts";
import { type BytesSoFar, Transfer, type TransferRequest } from "./transfer.ts";

export interface DownloadRequest
  extends Omit<TransferRequest, "offset" | "last" | "identity" | "expectedSize" | "signal"> {
  /** Path of the part file without its suffix. */
  partBase: string;
  /** Where the finished file goes. */
  finalPath: string;
  /** What the file has to be, as far as that is known. */
  expected: () => Promise<Expectation | null>;
  /** Examines the complete part before anyone is given its last byte; throws to refuse it. */
  examine?: (partPath: string, mirror: Mirror, identity: FileIdentity) => Promise<void>;
  /** Told of bytes as they come in. */
  onBytes?: (count: number) => void;
  /** Awaited after each chunk, to hold back a transfer that nobody waits for. */
  pace?: (count: number, signal: AbortSignal) => Promise<void>;
}

/** How a download that did not fail ended. */
export type DownloadOutcome =
  | {
    result: "fetched";
    identity: FileIdentity;
    sha256: string;
    mirror: Mirror;
  }
  | { result: "present" }
  | { result: "unchanged"; mirror: Mirror };

/** What the first answer told. */
export interface DownloadOpening {
  identity: FileIdentity;
  inode: number;
}

/**
 * One file on its way from the mirrors to the cache. It belongs to the daemon: clients read what
 * has arrived and may come and go. The last byte is held back until the whole has been checked,
 * so a client that received all of a file received the right one.
 */
export class Download {
  /** Set when a mirror has begun to send; null if there is nothing to send. Rejects on failure. */
  readonly opened: Promise<DownloadOpening | null>;
  /** Set when the file is in its place. Rejects on failure. */
  readonly done: Promise<DownloadOutcome>;
  readonly #controller = new AbortController();
  readonly #hash: { current: Hash } = { current: createHash("sha256") };
  #released = 0;
  #size: number | null = null;
  #announced = false;
  #complete = false;
  #failure: PkgstashError | null = null;
  #progress = Promise.withResolvers<void>();
  #part: PartFile | null = null;
  #transfer: Transfer | null = null;

  constructor(private readonly access: Upstream, readonly request: DownloadRequest) {
    const opening = Promise.withResolvers<DownloadOpening | null>();
    this.opened = opening.promise;
    this.done = this.#run(opening.resolve);
    // Whoever waits hears of a failure; nobody has to wait.
    this.done.catch(opening.reject);
    this.opened.catch(() => {});
    this.#progress.promise.catch(() => {});
  }

  /** How many bytes from the start may be handed out. */
  get released(): number {
    return this.#released;
  }

  /** Length of the whole file, or null while it is not known. */
  get size(): number | null {
    return this.#complete ? this.#released : this.#size;
  }

  /** The mirror that sends, or sent last. */
  get mirror(): Mirror | null {
    return this.#transfer?.mirror ?? null;
  }

  /** Whether all bytes have been released. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Waits until more bytes are released or all are; throws if the download has failed. */
  async progress(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#complete) await this.#progress.promise;
  }

  /** Waits until the byte at `position` is released; false if that takes over `patience` ms. */
  async reaches(position: number, patience: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => timer = setTimeout(resolve, patience));
    const end = performance.now() + patience;
    try {
      while (this.#released <= position && !this.#complete) {
        if (performance.now() >= end) return false;
        await Promise.race([this.progress(), timeout]);
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens the bytes for reading, wherever they are by now. */
  async openBytes(): Promise<Deno.FsFile> {
    try {
      return await Deno.open(`${this.request.partBase}.part`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return await Deno.open(this.request.finalPath);
    }
  }

  /** Ends the transfer; what has arrived stays for a later one. */
  abort(): void {
    this.#controller.abort(
      new PkgstashError("upstream", `The transfer of ${this.request.fileName} was stopped`),
    );
  }

  async #run(opened: (opening: DownloadOpening | null) => void): Promise<DownloadOutcome> {
    try {
      const outcome = await this.#fetch(opened);
      this.#complete = true;
      this.#wake();
      return outcome;
    } catch (error) {
      this.#failure = error instanceof PkgstashError ? error : new PkgstashError(
        "storage",
        `Cannot store ${this.request.fileName}: ${reasonOf(error)}`,
        { cause: error },
      );
      this.#progress.reject(this.#failure);
      throw this.#failure;
    } finally {
      this.#part?.close();
    }
  }

  async #fetch(opened: (opening: DownloadOpening | null) => void): Promise<DownloadOutcome> {
    const { request } = this;
    // Another download may have finished between the caller's look and this one's start.
    const present = await statIfPresent(request.finalPath);
    if (present !== null && present.size > 0) {
      opened(null);
      return { result: "present" };
    }
    const expected = await request.expected();
    const part = this.#part = await PartFile.open(request.partBase);
    const transfer = this.#transfer = new Transfer(this.access, {
      ...request,
      expectedSize: expected?.size ?? null,
      offset: part.length,
      last: null,
      identity: part.identity,
      signal: this.#controller.signal,
    }, this.#soFar(part));
    this.#controller.signal.addEventListener("abort", () => transfer.close());
    try {
      if (await transfer.open() === "unchanged") {
        await part.discard();
        opened(null);
        return { result: "unchanged", mirror: transfer.mirror! };
      }
    } catch (error) {
      if (part.length === 0) await part.discard();
      throw error;
    }
    try {
      const identity = transfer.identity!;
      if (part.identity !== identity) await part.identify(identity);
      this.#size = identity.size;
      await this.#hashExisting(part);
      this.#release(part.length - 1);
      this.#announced = true;
      opened({ identity, inode: part.inode });
      for (let chunk; (chunk = await transfer.read()) !== null;) {
        const written = part.append(chunk);
        this.#hash.current.update(chunk);
        await written;
        request.onBytes?.(chunk.length);
        this.#release(part.length - 1);
        await request.pace?.(chunk.length, this.#controller.signal);
        this.#controller.signal.throwIfAborted();
      }
      return await this.#finish(part, transfer);
    } catch (error) {
      const isWrong = error instanceof PkgstashError && error.kind === "content";
      // On a full disk, others need the room.
      if (isWrong || isOutOfSpace(error)) await part.discard();
      throw error;
    } finally {
      transfer.close();
    }
  }

  async #finish(part: PartFile, transfer: Transfer): Promise<DownloadOutcome> {
    const { request } = this;
    // Asked again: the database may have been replaced meanwhile, and this file with it.
    const expected = await request.expected();
    const mirror = transfer.mirror!;
    const identity = part.identity!;
    const sha256 = this.#hash.current.digest("hex");
    try {
      if (expected?.sha256 != null && sha256 !== expected.sha256) {
        throw new PkgstashError(
          "content",
          `${request.fileName} has SHA-256 ${sha256} where the database says ${expected.sha256}`,
        );
      }
      await request.examine?.(part.path, mirror, identity);
    } catch (error) {
      await part.discard();
      this.access.failed({ mirror, error }, request.fileName);
      throw error;
    }
    this.#complete = true;
    this.#release(part.length);
    await part.publish(request.finalPath);
    return { result: "fetched", identity, sha256, mirror };
  }

  #soFar(part: PartFile): BytesSoFar {
    // Once announced, length and date of these very bytes have been told.
    const isAnnounced = () => this.#announced;
    return {
      reachesBackToStart: true,
      get mayStartOver() {
        return !isAnnounced();
      },
      readBack: (position, length) => part.readBack(position, length),
      startOver: async () => {
        await part.clear();
        this.#hash.current = createHash("sha256");
      },
    };
  }

  async #hashExisting(part: PartFile): Promise<void> {
    const step = 1024 * 1024;
    for (let position = 0; position < part.length; position += step) {
      const length = Math.min(step, part.length - position);
      this.#hash.current.update(await part.readBack(position, length));
    }
  }

  #release(count: number): void {
    if (count <= this.#released) return;
    this.#released = count;
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#progress;
    this.#progress = Promise.withResolvers<void>();
    this.#progress.promise.catch(() => {});
    resolve();
  }
}

function isOutOfSpace(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOSPC" || code === "EDQUOT";
}
