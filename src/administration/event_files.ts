import { join } from "@std/path";
import type { Event } from "./event.ts";

export interface EventFilesOptions {
  /** A file of this size gets no more events. */
  readonly maxFileBytes: number;
  /** Beyond this number, the oldest files are removed. */
  readonly maxFiles: number;
  /** Whether a written event survives a power failure. */
  readonly isDurable: boolean;
}

const NUMBER_LENGTH = 10;
const FILE_NAME = /^(\d{10,})\.jsonl$/;
const LINE_FEED = 0x0a;

/** Where the next event goes. */
interface End {
  path: string;
  bytes: number;
  /** Number of the last event; 0 before the first. */
  lastNumber: number;
}

/**
 * Events as lines of JSON, in files named after their first event. Nothing is read or created
 * before it is needed.
 */
export class EventFiles {
  readonly #directory: string;
  readonly #options: EventFilesOptions;
  #end: End | null = null;

  constructor(directory: string, options: EventFilesOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** The number of the last event written; 0 before the first. */
  async lastNumber(): Promise<number> {
    this.#end ??= await this.#findEnd();
    return this.#end.lastNumber;
  }

  /** Writes events, whose numbers must be higher than all before. */
  async append(events: readonly Event[]): Promise<void> {
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return;
    const end = this.#end ??= await this.#findEnd();
    const isNew = end.bytes === 0 || end.bytes >= this.#options.maxFileBytes;
    try {
      if (isNew) {
        end.path = this.#pathOf(first.number);
        end.bytes = 0;
        await Deno.mkdir(this.#directory, { recursive: true, mode: 0o700 });
      }
      const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      end.bytes += await append(end.path, lines, this.#options);
      end.lastNumber = last.number;
      if (isNew) await this.#afterRotation();
    } catch (error) {
      // The state on disk is determined again.
      this.#end = null;
      throw error;
    }
  }

  /** The lines of events that may have numbers below `before`, newest first. */
  async *newestFirst(before: number): AsyncGenerator<string> {
    for (const { path, first } of (await this.#files()).reverse()) {
      if (first >= before) continue;
      yield* linesOf(await readIfPresent(path)).reverse();
    }
  }

  /** Makes the new name survive a power failure, and removes files that are too old. */
  async #afterRotation(): Promise<void> {
    if (this.#options.isDurable) {
      using directory = await Deno.open(this.#directory);
      await directory.sync();
    }
    const files = await this.#files();
    for (const { path } of files.slice(0, Math.max(0, files.length - this.#options.maxFiles))) {
      await Deno.remove(path);
    }
  }

  /**
   * Finds the end of the last file. A line cut off by a crash was never recorded, and is removed.
   */
  async #findEnd(): Promise<End> {
    const last = (await this.#files()).at(-1);
    if (last === undefined) return { path: this.#pathOf(1), bytes: 0, lastNumber: 0 };
    const bytes = await Deno.readFile(last.path);
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    if (whole < bytes.length) await Deno.truncate(last.path, whole);
    const text = new TextDecoder().decode(bytes.subarray(0, whole));
    const number = linesOf(text).flatMap((line) => eventOf(line) ?? []).at(-1)?.number;
    return { path: last.path, bytes: whole, lastNumber: number ?? last.first - 1 };
  }

  #pathOf(first: number): string {
    return join(this.#directory, `${`${first}`.padStart(NUMBER_LENGTH, "0")}.jsonl`);
  }

  /** The files, by first event. */
  async #files(): Promise<{ path: string; first: number }[]> {
    const files: { path: string; first: number }[] = [];
    try {
      for await (const { name } of Deno.readDir(this.#directory)) {
        const first = FILE_NAME.exec(name)?.[1];
        if (first === undefined) continue;
        files.push({ path: join(this.#directory, name), first: Number(first) });
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return files.sort((a, b) => a.first - b.first);
  }
}

/** The event of a line; null if it is damaged. */
export function eventOf(line: string): Event | null {
  try {
    const event = JSON.parse(line) as Event;
    // Events of older versions have no kind.
    return typeof event.number === "number" ? { ...event, kind: event.kind ?? "change" } : null;
  } catch {
    return null;
  }
}

async function append(
  path: string,
  text: string,
  { isDurable }: EventFilesOptions,
): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  using file = await Deno.open(path, { append: true, create: true, mode: 0o600 });
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  if (isDurable) await file.syncData();
  return bytes.length;
}

/** Rotation may remove a file while it is listed. */
async function readIfPresent(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}
