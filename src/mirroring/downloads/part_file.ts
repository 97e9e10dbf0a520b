import { dirname } from "@std/path";
import { removeIfPresent, renameDurably, statIfPresent } from "../../platform/files/durable.ts";
import { PositionedFile } from "../../platform/files/positioned_file.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { Extents } from "./extents.ts";
import type { FileIdentity } from "./file_identity.ts";
import { PartBytes } from "./part_bytes.ts";
import { fill } from "../../platform/files/fill.ts";

/** What a crash may cost of a download: less is not worth a sidecar. */
const UNRECORDED_BYTES = 1024 ** 2;

/** The file of a part, opened twice: a disk that writes slowly need not read slowly. */
interface Descriptors {
  file: PositionedFile;
  bytes: PartBytes;
  /** What the file contains: bytes from an earlier run. */
  length: number;
  inode: number;
}

interface OpenedPart extends Descriptors {
  base: string;
  /** Null if there are no bytes. */
  identity: FileIdentity | null;
}

/** The content of a part's sidecar. */
interface Sidecar {
  identity: FileIdentity;
  /** How many bytes from the start are sure to be there; null for all that the part contains. */
  prefix: number | null;
}

/**
 * The bytes of an unfinished download, in `<base>.part`. The sidecar `<base>.json` says which file
 * they belong to, so that a later run can resume it. Bytes may arrive in any order; a later run
 * finds only those from the start to the first hole.
 */
export class PartFile {
  readonly path: string;
  readonly #sidecar: string;
  #file: PositionedFile;
  #bytes: PartBytes;
  #extents: Extents;
  #identity: FileIdentity | null;
  #inode: number;
  /** Pending write of the sidecar. */
  #recording: Promise<void> = Promise.resolve();
  #hasSidecar: boolean;
  #hasRecordedHoles = false;
  #isClosed = false;

  private constructor({ base, file, bytes, length, identity, inode }: OpenedPart) {
    this.path = `${base}.part`;
    this.#sidecar = `${base}.json`;
    this.#file = file;
    this.#bytes = bytes;
    this.#extents = new Extents(length);
    this.#identity = identity;
    this.#hasSidecar = identity !== null;
    this.#inode = inode;
  }

  /** Whether an earlier run left bytes, so that no mirror can be asked before `open`. */
  static async isLeft(base: string): Promise<boolean> {
    return (await statIfPresent(`${base}.part`)) !== null;
  }

  /** Opens `<base>.part`, resuming an earlier run's if its sidecar is intact. */
  static async open(base: string, { isLeft }: { isLeft: boolean }): Promise<PartFile> {
    return await (isLeft ? PartFile.#reopen(base) : PartFile.#create(base));
  }

  static async #create(base: string): Promise<PartFile> {
    const path = `${base}.part`;
    const options = { read: true, write: true, create: true, truncate: true };
    // An existing sidecar describes other bytes.
    await removeIfPresent(`${base}.json`);
    const opened = await openTwice(path, options).catch(async (error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await Deno.mkdir(dirname(path), { recursive: true });
      return await openTwice(path, options);
    });
    return new PartFile({ ...opened, base, identity: null });
  }

  static async #reopen(base: string): Promise<PartFile> {
    const path = `${base}.part`;
    const [sidecar, info] = await Promise.all([
      readSidecar(`${base}.json`),
      statIfPresent(path),
    ]);
    const present = info?.size ?? 0;
    const length = Math.min(present, sidecar?.prefix ?? present);
    const size = sidecar?.identity.size ?? null;
    const isUsable = sidecar !== null && length > 0 && (size === null || length <= size);
    // The sidecar first: it must not remain for the bytes of another file.
    if (!isUsable) {
      await removeIfPresent(`${base}.json`);
      await removeIfPresent(path);
    } else if (length < present) await Deno.truncate(path, length);
    const opened = await openTwice(path, { read: true, write: true, create: !isUsable });
    return new PartFile({ ...opened, base, identity: isUsable ? sidecar.identity : null });
  }

  /** The finished file keeps this inode, because it is only renamed. */
  get inode(): number {
    return this.#inode;
  }

  /** Which bytes are there. Every writer adds to them. */
  get extents(): Extents {
    return this.#extents;
  }

  /** The bytes for their readers. */
  get bytes(): PartBytes {
    return this.#bytes;
  }

  /** Number of bytes from the start to the first hole. */
  get length(): number {
    return this.#extents.prefix;
  }

  /** The file to which the bytes belong; null if there are none yet. */
  get identity(): FileIdentity | null {
    return this.#identity;
  }

  /** Sets the file to which the bytes belong. `write` or `close` records it, once that pays. */
  setIdentity(identity: FileIdentity): void {
    this.#identity = identity;
    if (this.#hasSidecar) this.#recordIdentity();
  }

  /** Records that bytes beyond a hole are about to arrive, which a later run must not count. */
  async recordHoles(): Promise<void> {
    this.#hasRecordedHoles = true;
    await this.#writeSidecar(this.length);
  }

  /**
   * Writes as much of `bytes` at `position` as the disk accepts; returns that number, and the error
   * that ended it, or null.
   */
  async write(position: number, bytes: Uint8Array): Promise<{ written: number; error: unknown }> {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += await this.#file.write(position + written, bytes.subarray(written));
      }
      this.#bytes.keep(position, bytes);
      if (!this.#hasSidecar && position + written >= UNRECORDED_BYTES) this.#recordIdentity();
      return { written, error: null };
    } catch (error) {
      return { written, error };
    }
  }

  /** Reads `length` bytes from `position`, all of which must have been written. */
  async readBack(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.readInto(position, bytes);
    return bytes;
  }

  /** Like `readBack`, but fills `buffer`. */
  async readInto(position: number, buffer: Uint8Array): Promise<void> {
    using file = await Deno.open(this.path);
    await file.seek(position, Deno.SeekMode.Start);
    if (await fill(file, buffer) < buffer.length) {
      throw new Error(`Cannot read back ${this.path}: it is shorter than what was written.`);
    }
  }

  /** Starts over. Unlinks the file rather than truncating it, because a reader may have it open. */
  async clear(): Promise<void> {
    await this.#removeSidecar();
    await removeIfPresent(this.path);
    const opened = await openTwice(this.path, { read: true, write: true, createNew: true });
    this.#release();
    this.#file = opened.file;
    this.#bytes = opened.bytes;
    this.#extents = new Extents();
    this.#identity = null;
    this.#inode = opened.inode;
  }

  /** Moves the finished file into the cache durably, with the date from the mirror. */
  async publish(finalPath: string): Promise<void> {
    const modified = parseHttpDate(this.#identity?.lastModified ?? "");
    // Time zero stands for "no date": no Last-Modified is better than one of ours.
    await Deno.utime(this.path, modified ?? 0, modified ?? 0);
    await this.#file.sync();
    await renameDurably(this.path, finalPath);
    await this.#removeSidecar();
    this.#close();
  }

  /** Removes the part and its sidecar. */
  async discard(): Promise<void> {
    this.#close();
    await this.#removeSidecar();
    await removeIfPresent(this.path);
  }

  /** Leaves the part for a later run to resume, up to its first hole. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#extents.hasHoles) await this.#file.truncate(this.length);
    this.#close();
    // Truncate first: a crash in between costs only what has arrived since `recordHoles`.
    if (this.#hasRecordedHoles || !this.#hasSidecar) this.#recordIdentity();
    await this.#recording;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    this.#file[Symbol.dispose]();
    this.#bytes.release();
  }

  /** Nobody waits for this: until it is done, or if the disk refuses it, a later run starts over. */
  #recordIdentity(): void {
    if (this.#identity !== null) this.#writeSidecar(null).catch(() => {});
  }

  async #removeSidecar(): Promise<void> {
    if (!this.#hasSidecar) return;
    await this.#recording;
    await removeIfPresent(this.#sidecar);
    this.#hasSidecar = false;
  }

  /** Not durable: after a crash, a torn sidecar only costs downloading from the start. */
  #writeSidecar(prefix: number | null): Promise<void> {
    this.#hasSidecar = true;
    const sidecar = prefix === null ? this.#identity : { ...this.#identity, prefix };
    const writing = this.#recording.then(() =>
      Deno.writeTextFile(this.#sidecar, JSON.stringify(sidecar))
    );
    this.#recording = writing.catch(() => {});
    return writing;
  }
}

async function openTwice(path: string, options: Deno.OpenOptions): Promise<Descriptors> {
  const file = await Deno.open(path, options);
  try {
    const [{ size, ino }, again] = await Promise.all([file.stat(), Deno.open(path)]);
    return {
      file: new PositionedFile(file),
      bytes: new PartBytes(again),
      length: size,
      inode: ino ?? 0,
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The content of a sidecar; null if it is missing or damaged. */
async function readSidecar(path: string): Promise<Sidecar | null> {
  try {
    const sidecar = JSON.parse(await Deno.readTextFile(path));
    if (sidecar === null || typeof sidecar !== "object") return null;
    const { size, lastModified, etag, mirror, prefix } = sidecar as Record<string, unknown>;
    if (typeof mirror !== "string") return null;
    return {
      identity: {
        size: typeof size === "number" ? size : null,
        lastModified: typeof lastModified === "string" ? lastModified : null,
        etag: typeof etag === "string" ? etag : null,
        mirror,
      },
      prefix: typeof prefix === "number" ? prefix : null,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}
