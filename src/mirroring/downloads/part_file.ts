import { dirname } from "@std/path";
import { removeIfPresent, renameDurably, statIfPresent } from "../../platform/files/durable.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
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

/**
 * The bytes of an unfinished download, in `<base>.part`. The sidecar `<base>.json` says which file
 * they are of, so that a later run can resume them.
 */
export class PartFile {
  readonly path: string;
  readonly #sidecar: string;
  #file: Deno.FsFile;
  #length: number;
  #identity: FileIdentity | null;
  #inode: number;
  #isClosed = false;

  private constructor({ base, file, length, identity, inode }: OpenedPart) {
    this.path = `${base}.part`;
    this.#sidecar = `${base}.json`;
    this.#file = file;
    this.#length = length;
    this.#identity = identity;
    this.#inode = inode;
  }

  /** Opens `<base>.part`, resuming one from an earlier run if its sidecar is intact. */
  static async open(base: string): Promise<PartFile> {
    await Deno.mkdir(dirname(base), { recursive: true });
    const identity = await readSidecar(`${base}.json`);
    const path = `${base}.part`;
    const length = (await statIfPresent(path))?.size ?? 0;
    const isUsable = identity !== null && (identity.size === null || length <= identity.size);
    if (!isUsable) await removeIfPresent(path);
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      const { size, ino } = await file.stat();
      await file.seek(size, Deno.SeekMode.Start);
      return new PartFile({
        base,
        file,
        length: size,
        identity: size > 0 ? identity : null,
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

  get length(): number {
    return this.#length;
  }

  /** The file that the bytes are of; null when there are none yet. */
  get identity(): FileIdentity | null {
    return this.#identity;
  }

  /** Records which file the bytes are of. */
  async setIdentity(identity: FileIdentity): Promise<void> {
    this.#identity = identity;
    // Not durably: after a crash, a torn sidecar costs a download from the start and no more.
    await Deno.writeTextFile(this.#sidecar, JSON.stringify(identity));
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      written += await this.#file.write(chunk.subarray(written));
    }
    this.#length += chunk.length;
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
    this.#length = 0;
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
    this.close();
  }

  /** Removes the part and its sidecar. */
  async discard(): Promise<void> {
    this.close();
    await removeIfPresent(this.path);
    await removeIfPresent(this.#sidecar);
  }

  /** Leaves the part for a later run to resume. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }
}

/** The identity in a sidecar; null if there is none or it is damaged. */
async function readSidecar(path: string): Promise<FileIdentity | null> {
  try {
    const sidecar = JSON.parse(await Deno.readTextFile(path));
    if (sidecar === null || typeof sidecar !== "object") return null;
    const { size, lastModified, etag, mirror } = sidecar as Record<string, unknown>;
    if (typeof mirror !== "string") return null;
    return {
      size: typeof size === "number" ? size : null,
      lastModified: typeof lastModified === "string" ? lastModified : null,
      etag: typeof etag === "string" ? etag : null,
      mirror,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}
