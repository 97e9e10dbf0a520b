import { join } from "@std/path";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Turns } from "../async/turns.ts";
import { PkgstashError, reasonOf } from "../errors.ts";

/** What is known of a change when it happens. */
export interface NewEvent {
  /** Who made the change, such as "administrator" or the name of a token. */
  readonly who: string;
  /** The address that the request came from. */
  readonly address: string;
  /** What was done, an imperative such as "Pin packages". */
  readonly action: string;
  /** Method and path of the request. */
  readonly request: string;
  /** Further facts, as far as there are any. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A change that was made. */
export interface Event extends NewEvent {
  /** Counts from 1 on, and is never used again. */
  readonly number: number;
  /** As `Date.prototype.toISOString` writes it. */
  readonly at: string;
}

export interface EventLogOptions {
  readonly clock?: Clock;
  /** A file that has grown to this gets no more events. */
  readonly maxFileBytes?: number;
  /** The oldest files beyond this number are removed. */
  readonly maxFiles?: number;
}

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 16;
const NUMBER_LENGTH = 10;
const FILE_NAME = /^(\d{10,})\.jsonl$/;

interface Waiting {
  readonly event: NewEvent;
  readonly at: string;
  readonly written: PromiseWithResolvers<void>;
}

/** Where the next event goes. */
interface End {
  path: string;
  bytes: number;
  nextNumber: number;
}

/**
 * The audit log: who changed what. Events are lines of JSON in files that are named by their first
 * event. One that is recorded is on disk, also after a power failure; those that come together are
 * written together.
 */
export class EventLog {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #maxFileBytes: number;
  readonly #maxFiles: number;
  readonly #turns = new Turns();
  #waiting: Waiting[] = [];
  #end: End | null = null;

  /** Nothing is read or made before the first event. */
  constructor(directory: string, options: EventLogOptions = {}) {
    this.#directory = directory;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#maxFileBytes = options.maxFileBytes ?? MAX_FILE_BYTES;
    this.#maxFiles = options.maxFiles ?? MAX_FILES;
  }

  /**
   * Resolves when the event is on disk.
   *
   * @throws PkgstashError `storage` if the disk does not take it. It is not recorded then.
   */
  record(event: NewEvent): Promise<void> {
    const written = Promise.withResolvers<void>();
    const at = new Date(this.#clock.now()).toISOString();
    this.#waiting.push({ event, at, written });
    this.#turns.run(() => this.#writeWaiting());
    return written.promise;
  }

  /** The latest events, the newest first: those with lower numbers than `before`, `limit` at most. */
  async list({ limit, before = Infinity }: { limit: number; before?: number }): Promise<Event[]> {
    const found: Event[] = [];
    for (const { path, first } of (await this.#files()).reverse()) {
      if (found.length >= limit) break;
      if (first >= before) continue;
      const events = linesOf(await readIfPresent(path)).flatMap(eventOf);
      found.push(...events.filter(({ number }) => number < before).reverse());
    }
    return found.slice(0, limit);
  }

  /** Resolves when nothing is waiting. */
  async close(): Promise<void> {
    await this.#turns.settled();
  }

  async #writeWaiting(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      await this.#write(batch);
    } catch (error) {
      // What is on disk now is found out again.
      this.#end = null;
      const failure = new PkgstashError(
        "storage",
        `Cannot write the audit log: ${reasonOf(error)}. ` +
          "Check that the disk is not full, and that this user may write there.",
        { cause: error },
      );
      for (const { written } of batch) written.reject(failure);
      return;
    }
    for (const { written } of batch) written.resolve();
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const end = this.#end ??= await this.#findEnd();
    let number = end.nextNumber;
    const lines = batch.map(({ event, at }) => JSON.stringify({ number: number++, at, ...event }));
    const isNew = end.bytes === 0 || end.bytes >= this.#maxFileBytes;
    if (isNew) {
      end.path = this.#pathOf(end.nextNumber);
      end.bytes = 0;
      await Deno.mkdir(this.#directory, { recursive: true, mode: 0o700 });
    }
    end.bytes += await append(end.path, `${lines.join("\n")}\n`);
    end.nextNumber = number;
    if (isNew) await this.#afterRotation();
  }

  /** Makes the new name survive a power failure, and removes what is too old. */
  async #afterRotation(): Promise<void> {
    using directory = await Deno.open(this.#directory);
    await directory.sync();
    const files = await this.#files();
    for (const { path } of files.slice(0, Math.max(0, files.length - this.#maxFiles))) {
      await Deno.remove(path);
    }
  }

  /** Finds the end of the last file. A line that a crash has cut was not recorded, and is removed. */
  async #findEnd(): Promise<End> {
    const last = (await this.#files()).at(-1);
    if (last === undefined) return { path: this.#pathOf(1), bytes: 0, nextNumber: 1 };
    const bytes = await Deno.readFile(last.path);
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    if (whole < bytes.length) await Deno.truncate(last.path, whole);
    const text = new TextDecoder().decode(bytes.subarray(0, whole));
    const number = linesOf(text).flatMap(eventOf).at(-1)?.number;
    return {
      path: last.path,
      bytes: whole,
      nextNumber: number === undefined ? last.first : number + 1,
    };
  }

  #pathOf(first: number): string {
    return join(this.#directory, `${`${first}`.padStart(NUMBER_LENGTH, "0")}.jsonl`);
  }

  /** The files by their first events. */
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

const LINE_FEED = 0x0a;

async function append(path: string, text: string): Promise<number> {
  const bytes = new TextEncoder().encode(text);
  using file = await Deno.open(path, { append: true, create: true, mode: 0o600 });
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.syncData();
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

function eventOf(line: string): Event[] {
  try {
    const event = JSON.parse(line) as Event;
    return typeof event.number === "number" ? [event] : [];
  } catch {
    return [];
  }
}
