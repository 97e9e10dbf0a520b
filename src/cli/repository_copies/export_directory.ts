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

/** The record of exports: by file name, the SHA-256 values that an export may have written. */
const CONTENT = z.object({ files: z.record(z.string(), z.array(z.string())) });

/**
 * The target directory of exports, which others may change too. A record of what exports wrote
 * distinguishes their files from those of others.
 */
export class ExportDirectory {
  readonly path: string;
  readonly #recorded: ReadonlyMap<string, readonly string[]>;
  readonly #written = new Map<string, string>();

  private constructor(path: string, recorded: ReadonlyMap<string, readonly string[]>) {
    this.path = path;
    this.#recorded = recorded;
  }

  /** Opens or creates the directory, and removes temporary files of interrupted exports. */
  static async open(path: string): Promise<ExportDirectory> {
    await Deno.mkdir(path, { recursive: true });
    for (const { name } of await Array.fromAsync(Deno.readDir(path))) {
      if (UNFINISHED.test(name)) await removeIfPresent(join(path, name));
    }
    return new ExportDirectory(path, await readRecord(join(path, RECORD)));
  }

  /** Recorded files that are not in `names` and are unchanged since. */
  async surplus(names: ReadonlySet<string>): Promise<string[]> {
    const surplus: string[] = [];
    for (const name of this.#recorded.keys()) {
      if (!names.has(name) && await this.#isOwn(name)) surplus.push(name);
    }
    return surplus;
  }

  /** Whether a file exists with this size and SHA-256. */
  async has(name: string, { size, sha256 }: { size: number; sha256: string }): Promise<boolean> {
    const path = join(this.path, name);
    const info = await statIfPresent(path);
    return info !== null && info.isFile && info.size === size && await sha256Of(path) === sha256;
  }

  /** Whether a name may be written: it does not exist, or an export wrote it. */
  async isFree(name: string): Promise<boolean> {
    return await lstatIfPresent(join(this.path, name)) === null || await this.#isOwn(name);
  }

  /** Whether a symbolic link to `target` exists. */
  async isLink(name: string, target: string): Promise<boolean> {
    const path = join(this.path, name);
    const info = await lstatIfPresent(path);
    return info?.isSymlink === true && await Deno.readLink(path) === target;
  }

  /**
   * Streams a file to disk. It appears under its name only if `check`, called with the temporary
   * path, does not throw.
   */
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

  /** Creates a symbolic link, or a copy if the file system has no links. */
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
   * Records files (SHA-256 by name) before they are written, in addition to the earlier record:
   * even if the export is interrupted, the next one recognizes its files.
   */
  async announce(files: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, sha256] of files) this.#written.set(name, sha256);
    const all = new Map(this.#recorded);
    for (const [name, sha256] of this.#written) {
      all.set(name, [...new Set([...all.get(name) ?? [], sha256])]);
    }
    await this.#record(all);
  }

  /** Records the written files, and the `kept` ones of the earlier record. */
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
    // A dangling link is unchanged.
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

/** An unreadable record counts as empty, so that no file counts as an export's. */
async function readRecord(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  if (await statIfPresent(path) === null) return new Map();
  try {
    const { files } = CONTENT.parse(JSON.parse(await Deno.readTextFile(path)));
    return new Map(Object.entries(files));
  } catch {
    return new Map();
  }
}
