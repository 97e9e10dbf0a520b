import { join } from "@std/path";
import { z } from "zod";
import {
  lstatIfPresent,
  removeIfPresent,
  renameDurably,
  statIfPresent,
  writeFileDurably,
} from "../../platform/files/durable.ts";
import { sha256Of } from "../../platform/files/file_digest.ts";

const RECORD = ".pkgstash-export.json";
const UNFINISHED = /^\.pkgstash-export\.[0-9a-f-]+\.part$/;

/** What exports wrote, by file names: the SHA-256 that each file may have. */
const CONTENT = z.object({ files: z.record(z.string(), z.array(z.string())) });

/**
 * A directory that exports write, and others may change. What an export wrote is on record, so that
 * the next one knows its own files from those of others.
 */
export class ExportDirectory {
  readonly path: string;
  readonly #recorded: ReadonlyMap<string, readonly string[]>;
  readonly #written = new Map<string, string>();

  private constructor(path: string, recorded: ReadonlyMap<string, readonly string[]>) {
    this.path = path;
    this.#recorded = recorded;
  }

  /** Opens the directory, or makes it, and removes what an interrupted export left half-written. */
  static async open(path: string): Promise<ExportDirectory> {
    await Deno.mkdir(path, { recursive: true });
    for (const { name } of await Array.fromAsync(Deno.readDir(path))) {
      if (UNFINISHED.test(name)) await removeIfPresent(join(path, name));
    }
    return new ExportDirectory(path, await readRecord(join(path, RECORD)));
  }

  /** Names of files on record that are not among `names`, and that nobody changed. */
  async surplus(names: ReadonlySet<string>): Promise<string[]> {
    const surplus: string[] = [];
    for (const name of this.#recorded.keys()) {
      if (!names.has(name) && await this.#isOwn(name)) surplus.push(name);
    }
    return surplus;
  }

  /** Whether the file is there with these bytes. */
  async has(name: string, { size, sha256 }: { size: number; sha256: string }): Promise<boolean> {
    const path = join(this.path, name);
    const info = await statIfPresent(path);
    return info !== null && info.isFile && info.size === size && await sha256Of(path) === sha256;
  }

  /** Whether a file or link may be written: there is none of this name, or an export wrote it. */
  async isFree(name: string): Promise<boolean> {
    return await lstatIfPresent(join(this.path, name)) === null || await this.#isOwn(name);
  }

  /** Whether a symbolic link to that name is there. */
  async isLink(name: string, target: string): Promise<boolean> {
    const path = join(this.path, name);
    const info = await lstatIfPresent(path);
    return info?.isSymlink === true && await Deno.readLink(path) === target;
  }

  /** Streams a file to disk; it appears only once `check` has accepted it. */
  async write(
    name: string,
    content: ReadableStream<Uint8Array>,
    check: (path: string) => Promise<void>,
  ): Promise<void> {
    const temporary = this.#temporary();
    try {
      {
        using file = await Deno.open(temporary, { write: true, createNew: true });
        for await (const chunk of content) {
          for (let written = 0; written < chunk.length;) {
            written += await file.write(chunk.subarray(written));
          }
        }
        await file.sync();
      }
      await check(temporary);
      await renameDurably(temporary, join(this.path, name));
    } catch (error) {
      await removeIfPresent(temporary);
      throw error;
    }
  }

  /** Writes a short file. */
  async writeBytes(name: string, bytes: Uint8Array): Promise<void> {
    await writeFileDurably(join(this.path, name), bytes);
  }

  /** Makes a symbolic link; a copy where the file system has none. */
  async link(name: string, target: string): Promise<void> {
    const temporary = this.#temporary();
    try {
      await Deno.symlink(target, temporary);
    } catch {
      await Deno.copyFile(join(this.path, target), temporary);
    }
    await renameDurably(temporary, join(this.path, name));
  }

  async remove(name: string): Promise<void> {
    await removeIfPresent(join(this.path, name));
  }

  /**
   * Records files that are about to be written, beside those that were: whenever an export ends, the
   * next one knows what is its own.
   */
  async announce(files: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, sha256] of files) this.#written.set(name, sha256);
    const all = new Map(this.#recorded);
    for (const [name, sha256] of this.#written) {
      all.set(name, [...new Set([...all.get(name) ?? [], sha256])]);
    }
    await this.#record(all);
  }

  /** Records what is there now, and `kept` of what was there before. */
  async conclude(kept: readonly string[]): Promise<void> {
    const all = new Map<string, readonly string[]>();
    for (const name of kept) all.set(name, this.#recorded.get(name) ?? []);
    for (const [name, sha256] of this.#written) all.set(name, [sha256]);
    await this.#record(all);
  }

  async #isOwn(name: string): Promise<boolean> {
    const recorded = this.#recorded.get(name);
    if (recorded === undefined) return false;
    const path = join(this.path, name);
    const info = await statIfPresent(path);
    // A link whose target is gone is as it was made.
    if (info === null) return true;
    return info.isFile && recorded.includes(await sha256Of(path));
  }

  async #record(files: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const text = JSON.stringify({ files: Object.fromEntries(files) }, null, 1);
    await writeFileDurably(join(this.path, RECORD), `${text}\n`);
  }

  #temporary(): string {
    return join(this.path, `.pkgstash-export.${crypto.randomUUID()}.part`);
  }
}

/** A record that cannot be read is as good as none: then nothing counts as an export's. */
async function readRecord(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  if (await statIfPresent(path) === null) return new Map();
  try {
    const { files } = CONTENT.parse(JSON.parse(await Deno.readTextFile(path)));
    return new Map(Object.entries(files));
  } catch {
    return new Map();
  }
}
