import { dirname } from "@std/path";
import { removeIfPresent, renameDurably, statIfPresent } from "../../platform/files/durable.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { Extents } from "./extents.ts";
import type { FileIdentity } from "./file_identity.ts";

interface OpenedPart {
  base: string;
  file: Deno.FsFile;
  /** Bytes that an earlier run left. */
  length: number;
  /** Null when there are no bytes. */
  identity: FileIdentity | null;
  inode: number;
}

/** What the sidecar of a part says. */
interface Sidecar {
  identity: FileIdentity;
  /** How many bytes from the start are sure to be there; null for all that the part has. */
  prefix: number | null;
}

/**
 * The bytes of an unfinished download, in `<base>.part`. The sidecar `<base>.json` says which file
 * they are of, so that a later run can resume them. Bytes may come in any order; what a later run
 * finds is only those from the start to the first hole.
 */
export class PartFile {
  readonly path: string;
  readonly #sidecar: string;
  #file: Deno.FsFile;
  #extents: Extents;
  #identity: FileIdentity | null;
  #inode: number;
  #hasRecordedHoles = false;
  #isClosed = false;

  private constructor({ base, file, length, identity, inode }: OpenedPart) {
    this.path = `${base}.part`;
    this.#sidecar = `${base}.json`;
    this.#file = file;
    this.#extents = new Extents(length);
    this.#identity = identity;
    this.#inode = inode;
  }

  /** Opens `<base>.part`, resuming one from an earlier run if its sidecar is intact. */
  static async open(base: string): Promise<PartFile> {
    await Deno.mkdir(dirname(base), { recursive: true });
    const sidecar = await readSidecar(`${base}.json`);
    const path = `${base}.part`;
    const present = (await statIfPresent(path))?.size ?? 0;
    const length = Math.min(present, sidecar?.prefix ?? present);
    const size = sidecar?.identity.size ?? null;
    const isUsable = sidecar !== null && (size === null || length <= size);
    if (!isUsable) await removeIfPresent(path);
    else if (length < present) await Deno.truncate(path, length);
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      const { size, ino } = await file.stat();
      return new PartFile({
        base,
        file,
        length: size,
        identity: size > 0 ? sidecar?.identity ?? null : null,
        inode: ino ?? 0,
      });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The finished file keeps this inode, because it is only renamed. */
  get inode(): number {
    return this.#inode;
  }

  /** Which bytes are there. Whoever writes adds to them. */
  get extents(): Extents {
    return this.#extents;
  }

  /** How many bytes there are from the start without a hole. */
  get length(): number {
    return this.#extents.prefix;
  }

  /** The file that the bytes are of; null when there are none yet. */
  get identity(): FileIdentity | null {
    return this.#identity;
  }

  /** Records which file the bytes are of. */
  async setIdentity(identity: FileIdentity): Promise<void> {
    this.#identity = identity;
    await this.#writeSidecar(null);
  }

  /** Records that bytes beyond a hole are about to come, which a later run must not take for more. */
  async recordHoles(): Promise<void> {
    this.#hasRecordedHoles = true;
    await this.#writeSidecar(this.length);
  }

  /** Opens the part for writing from `position` on, beside other writers. */
  async writer(position: number): Promise<PartWriter> {
    const file = await Deno.open(this.path, { write: true });
    await file.seek(position, Deno.SeekMode.Start);
    return new PartWriter(file);
  }

  /** Reads `length` bytes from `position`, all of which must have been written. */
  async readBack(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    using file = await Deno.open(this.path);
    await file.seek(position, Deno.SeekMode.Start);
    for (let filled = 0; filled < length;) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) {
        throw new Error(`Cannot read back ${this.path}: it is shorter than what was written.`);
      }
      filled += count;
    }
    return bytes;
  }

  /** Starts over. Unlinks the file rather than truncating it: a reader may have it open. */
  async clear(): Promise<void> {
    await removeIfPresent(this.#sidecar);
    await removeIfPresent(this.path);
    const file = await Deno.open(this.path, { read: true, write: true, createNew: true });
    this.#file.close();
    this.#file = file;
    this.#extents = new Extents();
    this.#identity = null;
    this.#inode = (await file.stat()).ino ?? 0;
  }

  /** Moves the finished file into the cache durably, dated as on the mirror. */
  async publish(finalPath: string): Promise<void> {
    const modified = parseHttpDate(this.#identity?.lastModified ?? "");
    // Time zero stands for "no date": no Last-Modified is better than one of ours.
    await Deno.utime(this.path, modified ?? 0, modified ?? 0);
    await this.#file.sync();
    await renameDurably(this.path, finalPath);
    await removeIfPresent(this.#sidecar);
    this.#close();
  }

  /** Removes the part and its sidecar. */
  async discard(): Promise<void> {
    this.#close();
    await removeIfPresent(this.path);
    await removeIfPresent(this.#sidecar);
  }

  /** Leaves the part for a later run to resume, up to its first hole. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#extents.hasHoles) await this.#file.truncate(this.length);
    this.#close();
    // Cut first: a crash in between costs what has come since `recordHoles`, and no more.
    if (this.#hasRecordedHoles) await this.#writeSidecar(null);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }

  /** Not durably: after a crash, a torn sidecar costs a download from the start and no more. */
  async #writeSidecar(prefix: number | null): Promise<void> {
    const sidecar = prefix === null ? this.#identity : { ...this.#identity, prefix };
    await Deno.writeTextFile(this.#sidecar, JSON.stringify(sidecar));
  }
}

/** Writes into a part from one position on. */
export class PartWriter implements Disposable {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Writes as much of `bytes` as the disk takes; returns how much that was, and the error that ended
   * it, or null.
   */
  async write(bytes: Uint8Array): Promise<{ written: number; error: unknown }> {
    let written = 0;
    try {
      while (written < bytes.length) written += await this.#file.write(bytes.subarray(written));
      return { written, error: null };
    } catch (error) {
      return { written, error };
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** What a sidecar says; null if there is none or it is damaged. */
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
