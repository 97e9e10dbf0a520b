import { dirname } from "@std/path";
import { removeIfPresent, renameDurably, statIfPresent } from "../../platform/files/durable.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { FileIdentity } from "./file_identity.ts";

/** A transfer's bytes on disk before they are complete, beside a note of whose bytes they are. */
export class PartFile {
  readonly path: string;
  readonly #note: string;
  #file: Deno.FsFile;
  #length: number;
  #identity: FileIdentity | null;
  #inode: number;
  #closed = false;

  private constructor(
    base: string,
    file: Deno.FsFile,
    length: number,
    identity: FileIdentity | null,
    inode: number,
  ) {
    this.#inode = inode;
    this.path = `${base}.part`;
    this.#note = `${base}.json`;
    this.#file = file;
    this.#length = length;
    this.#identity = identity;
  }

  /** Opens the part file `<base>.part`, going on with one that an earlier run left if its note is whole. */
  static async open(base: string): Promise<PartFile> {
    await Deno.mkdir(dirname(base), { recursive: true });
    const identity = await readNote(`${base}.json`);
    const path = `${base}.part`;
    const left = (await statIfPresent(path))?.size ?? 0;
    const usable = identity !== null && (identity.size === null || left <= identity.size);
    if (!usable) await removeIfPresent(path);
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      const { size, ino } = await file.stat();
      await file.seek(size, Deno.SeekMode.Start);
      return new PartFile(base, file, size, size > 0 ? identity : null, ino ?? 0);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Of the file, and after the rename still that of the finished one. */
  get inode(): number {
    return this.#inode;
  }

  get length(): number {
    return this.#length;
  }

  /** Whose bytes these are; null when there are none yet. */
  get identity(): FileIdentity | null {
    return this.#identity;
  }

  async identify(identity: FileIdentity): Promise<void> {
    this.#identity = identity;
    // A note torn by a crash counts as none, which costs a transfer from the start and no more.
    await Deno.writeTextFile(this.#note, JSON.stringify(identity));
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
      if (count === null) throw new Error(`${this.path} is shorter than what was written to it`);
      filled += count;
    }
    return bytes;
  }

  /** Forgets all bytes. They go with their file: somebody may still be reading it. */
  async clear(): Promise<void> {
    await removeIfPresent(this.#note);
    await removeIfPresent(this.path);
    const file = await Deno.open(this.path, { read: true, write: true, createNew: true });
    this.#file.close();
    this.#file = file;
    this.#length = 0;
    this.#identity = null;
    this.#inode = (await file.stat()).ino ?? 0;
  }

  /** Puts the complete file in its place, to stay, with the upstream's time of modification. */
  async publish(finalPath: string): Promise<void> {
    const modified = parseHttpDate(this.#identity?.lastModified ?? "");
    // A time of zero says that the upstream gave none: better no Last-Modified than one of ours.
    await Deno.utime(this.path, modified ?? 0, modified ?? 0);
    await this.#file.sync();
    await renameDurably(this.path, finalPath);
    await removeIfPresent(this.#note);
    this.close();
  }

  /** Removes the part and its note. */
  async discard(): Promise<void> {
    this.close();
    await removeIfPresent(this.path);
    await removeIfPresent(this.#note);
  }

  /** Leaves the part for a later run to go on with. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

async function readNote(path: string): Promise<FileIdentity | null> {
  try {
    const note = JSON.parse(await Deno.readTextFile(path));
    if (note === null || typeof note !== "object" || typeof note.mirror !== "string") return null;
    const { size, lastModified, etag, mirror } = note as Record<string, unknown>;
    return {
      size: typeof size === "number" ? size : null,
      lastModified: typeof lastModified === "string" ? lastModified : null,
      etag: typeof etag === "string" ? etag : null,
      mirror: mirror as string,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}
