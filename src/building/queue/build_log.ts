import { dirname } from "@std/path";
import { Notifier } from "../../async/notifier.ts";
import { Turns } from "../../async/turns.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { removeIfPresent, renameDurably, statIfPresent } from "../../platform/files/durable.ts";
import { masked } from "./masking.ts";
import { fill } from "../../platform/files/fill.ts";

/** The extent of a log. */
export interface LogEnd {
  /** Its size in bytes, which is the offset of the next ones. */
  readonly nextOffset: number;
  /** Whether it accepts no more. */
  readonly isFull: boolean;
}

/** A part of a log. */
export interface LogPart {
  /** Its offset in the log. */
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Readers stay this far behind the end, so that a secret in two parts is found before it is read. */
const OVERLAP_BYTES = 4096;
const READ_BYTES = 64 * 1024;

/**
 * The log of a running attempt. Bytes are appended at offsets, so bytes that arrive twice, for example
 * after a broken connection, are stored once. Secrets are masked before anything is written, except
 * one that is cut by the end of a part: it is masked once the rest arrives, and readers cannot reach
 * it before.
 */
export class BuildLog {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #secrets: readonly string[];
  readonly #turns = new Turns();
  readonly #changes = new Notifier();
  #size: number;
  /** End of the last complete line. */
  #readable = 0;
  #hasEnded = false;

  private constructor(
    path: string,
    { size, maxBytes, secrets }: { size: number; maxBytes: number; secrets: readonly string[] },
  ) {
    this.#path = path;
    this.#size = size;
    this.#readable = Math.max(0, size - OVERLAP_BYTES);
    this.#maxBytes = maxBytes;
    this.#secrets = secrets;
  }

  /** Continues the file at `path`, or creates it. */
  static async open(
    path: string,
    options: { maxBytes: number; secrets?: readonly string[] },
  ): Promise<BuildLog> {
    const size = (await statIfPresent(path))?.size ?? 0;
    return new BuildLog(path, { size, secrets: [], ...options });
  }

  get end(): LogEnd {
    return { nextOffset: this.#size, isFull: this.#size >= this.#maxBytes };
  }

  /** How many bytes may be read. */
  get readable(): number {
    return this.#readable;
  }

  /**
   * Appends those of the bytes at `offset` that the log does not have yet. Bytes after a gap are
   * dropped; the returned end says where to continue.
   */
  async append(offset: number, bytes: Uint8Array): Promise<LogEnd> {
    await this.#turns.run(async () => {
      const known = this.#size - offset;
      if (known < 0 || this.#hasEnded) return;
      const fresh = bytes.subarray(known).subarray(0, this.#maxBytes - this.#size);
      if (fresh.length === 0) return;
      try {
        await this.#write(fresh);
      } catch (error) {
        throw new PkgstashError(
          "storage",
          `Cannot write the log ${this.#path}: ${
            reasonOf(error)
          }. Check that the disk is not full.`,
          { cause: error },
        );
      }
      this.#changes.notify();
    });
    return this.end;
  }

  /**
   * Its parts from `offset` on. With `follow`, waits for more until the attempt has ended or `signal`
   * is aborted.
   */
  async *read(
    offset: number,
    { follow, signal }: { follow: boolean; signal: AbortSignal },
  ): AsyncGenerator<LogPart> {
    let at = offset;
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
    while (!signal.aborted) {
      const change = this.#changes.next;
      if (this.#hasEnded) return yield* readEndedLog(this.#path, at);
      const bytes = await readPart(this.#path, at, Math.min(READ_BYTES, this.#readable - at));
      if (bytes.length > 0) {
        yield { offset: at, bytes };
        at += bytes.length;
      } else if (!follow) return;
      else await Promise.race([change, aborted]);
    }
  }

  /** Compresses the log once all its followers have everything; it accepts no more. */
  async finish(): Promise<void> {
    await this.#turns.run(async () => {
      if (this.#hasEnded) return;
      try {
        await compressLog(this.#path);
      } finally {
        this.#hasEnded = true;
        this.#changes.notify();
      }
    });
  }

  async #write(fresh: Uint8Array): Promise<void> {
    const start = Math.max(0, this.#size - OVERLAP_BYTES);
    if (this.#size === 0) await Deno.mkdir(dirname(this.#path), { recursive: true });
    using file = await Deno.open(this.#path, {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
    const before = await readFully(file, start, this.#size - start);
    const joined = new Uint8Array(before.length + fresh.length);
    joined.set(before);
    joined.set(fresh, before.length);
    const covered = masked(joined, this.#secrets);
    await file.seek(start, Deno.SeekMode.Start);
    for (let written = 0; written < covered.length;) {
      written += await file.write(covered.subarray(written));
    }
    this.#size = start + covered.length;
    const lineEnd = covered.lastIndexOf(LINE_FEED) + 1;
    this.#readable = Math.max(
      this.#readable,
      lineEnd === 0 ? 0 : start + lineEnd,
      this.#size - OVERLAP_BYTES,
    );
  }
}

const LINE_FEED = 0x0a;

/** Compresses the file at `path`, if it exists, and adds `.gz` to its name. */
export async function compressLog(path: string): Promise<void> {
  if (await statIfPresent(path) === null) return;
  const temporary = `${path}.new`;
  {
    const source = await Deno.open(path, { read: true });
    const target = await Deno.open(temporary, {
      write: true,
      create: true,
      truncate: true,
      mode: 0o600,
    });
    await source.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(target.writable);
  }
  await renameDurably(temporary, `${path}.gz`);
  await removeIfPresent(path);
}

/** The parts of a log whose attempt has ended, from `offset` on; none if it is not kept. */
export async function* readEndedLog(path: string, offset: number): AsyncGenerator<LogPart> {
  const file = await openIfPresent(`${path}.gz`);
  if (file === null) return yield* readPlainLog(path, offset);
  let at = 0;
  for await (const bytes of file.readable.pipeThrough(new DecompressionStream("gzip"))) {
    const skipped = Math.max(0, offset - at);
    if (skipped < bytes.length) {
      yield { offset: at + skipped, bytes: bytes.slice(skipped) };
    }
    at += bytes.length;
  }
}

async function* readPlainLog(path: string, offset: number): AsyncGenerator<LogPart> {
  for (let at = offset;;) {
    const bytes = await readPart(path, at, READ_BYTES);
    if (bytes.length === 0) return;
    yield { offset: at, bytes };
    at += bytes.length;
  }
}

async function readPart(
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length <= 0) return new Uint8Array(0);
  using file = await openIfPresent(path);
  return file === null ? new Uint8Array(0) : await readFully(file, offset, length);
}

async function readFully(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  return bytes.slice(0, await fill(file, bytes));
}

async function openIfPresent(path: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
