import { basename, join } from "@std/path";
import { Turns } from "../../async/turns.ts";
import { removeIfPresent, statIfPresent, writeFileDurably } from "../../platform/files/durable.ts";
import type { ExtraFile } from "../../repositories/extra_file.ts";
import type { CacheLayout } from "./cache_layout.ts";

/** A use this soon after the recorded one is not worth a write. */
const USE_RESOLUTION_MS = 3_600_000;

/** What is known about a stored file; times are in milliseconds since the epoch. */
export interface ExtraRecord {
  /** The name of its bytes, in the same directory as the record. */
  readonly blob: string;
  /** Bytes. */
  readonly size: number;
  /** Name of the mirror that sent it. */
  readonly mirror: string;
  /** Headers that decide how it may be used, and its validators, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** When a mirror last sent or confirmed it. */
  readonly receivedAt: number;
  readonly fetchedAt: number;
  /** When a client last took it, to the hour. */
  readonly usedAt: number;
}

/** The suffix of a record's name. The name of the bytes ends in eight random digits instead. */
export const RECORD_SUFFIX = ".record";
const DIGITS = 8;
/** Matches the names of bytes. */
export const BLOB = /^.+\.[0-9a-f]{8}$/;

/**
 * The files of `extra_paths` on disk: the bytes of each under a unique name, and a record that
 * names them. A newer file takes effect when the record is replaced, so it is never visible in
 * part.
 */
export class ExtraStore {
  readonly #layout: CacheLayout;
  /** Reading and rewriting a record is one step. */
  readonly #turns = new Turns();

  constructor(layout: CacheLayout) {
    this.#layout = layout;
  }

  /** A path for bytes that are about to arrive. */
  newPath(file: ExtraFile): string {
    return `${this.#baseOf(file)}.${crypto.randomUUID().slice(0, DIGITS)}`;
  }

  /** The path of the bytes of a record. */
  pathOf(file: ExtraFile, { blob }: ExtraRecord): string {
    return join(this.#layout.extraDirectoryOf(file), blob);
  }

  /** The record of a file whose bytes exist in full length; null if there is none. */
  async read(file: ExtraFile): Promise<ExtraRecord | null> {
    const record = await readRecord(this.#recordOf(file));
    if (record === null) return null;
    const info = await statIfPresent(this.pathOf(file, record));
    return info?.isFile && info.size === record.size ? record : null;
  }

  /** Puts the bytes at `newPath` into force, and removes the previous ones. */
  replace(file: ExtraFile, path: string, record: Omit<ExtraRecord, "blob">): Promise<void> {
    return this.#turns.run(async () => {
      const before = await readRecord(this.#recordOf(file));
      const blob = basename(path);
      await this.#write(file, { ...record, blob });
      if (before !== null && before.blob !== blob) await removeIfPresent(this.pathOf(file, before));
    });
  }

  /** Records that a mirror has confirmed the bytes of `record`, with new headers. */
  confirm(
    file: ExtraFile,
    { blob }: ExtraRecord,
    confirmed: Pick<ExtraRecord, "headers" | "receivedAt">,
  ): Promise<void> {
    return this.#update(file, (record) => record.blob === blob ? confirmed : {});
  }

  /** Records that a client took the file. */
  async recordUse(file: ExtraFile, { usedAt }: ExtraRecord, at: number): Promise<void> {
    if (at - usedAt < USE_RESOLUTION_MS) return;
    await this.#update(file, () => ({ usedAt: at }));
  }

  /** Removes a file. */
  remove(file: ExtraFile): Promise<void> {
    return this.#turns.run(async () => {
      const record = await readRecord(this.#recordOf(file));
      await removeIfPresent(this.#recordOf(file));
      if (record !== null) await removeIfPresent(this.pathOf(file, record));
    });
  }

  #update(file: ExtraFile, change: (record: ExtraRecord) => Partial<ExtraRecord>): Promise<void> {
    return this.#turns.run(async () => {
      const record = await readRecord(this.#recordOf(file));
      if (record !== null) await this.#write(file, { ...record, ...change(record) });
    });
  }

  async #write(file: ExtraFile, record: ExtraRecord): Promise<void> {
    await writeFileDurably(this.#recordOf(file), JSON.stringify(record));
  }

  #baseOf(file: ExtraFile): string {
    return join(this.#layout.extraDirectoryOf(file), file.fileName);
  }

  #recordOf(file: ExtraFile): string {
    return this.#baseOf(file) + RECORD_SUFFIX;
  }
}

/** The record at a path; null if there is none or it is damaged. */
export async function readRecord(path: string): Promise<ExtraRecord | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(path));
    return isRecord(record) ? record : null;
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory || error instanceof SyntaxError;
    if (isAbsent) return null;
    throw error;
  }
}

function isRecord(value: unknown): value is ExtraRecord {
  if (typeof value !== "object" || value === null) return false;
  const { blob, size, mirror, headers, receivedAt, fetchedAt, usedAt } = value as ExtraRecord;
  return typeof blob === "string" && BLOB.test(blob) && !/[/\0]/.test(blob) &&
    typeof mirror === "string" && typeof headers === "object" && headers !== null &&
    Object.values(headers).every((text) => typeof text === "string") &&
    [size, receivedAt, fetchedAt, usedAt].every(Number.isFinite);
}
