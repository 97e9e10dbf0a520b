import { join } from "@std/path";
import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Turns } from "../async/turns.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import type { Event, EventKind, NewEvent } from "./event.ts";
import { EventFiles, eventOf } from "./event_files.ts";

export interface EventLogOptions {
  readonly clock?: Clock;
  /** A file of this size gets no more events. */
  readonly maxFileBytes?: number;
  /** Beyond this number, the oldest files of changes are removed. */
  readonly maxFiles?: number;
  /** The same for what the daemon does. */
  readonly maxActivityFiles?: number;
}

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 16;
const MAX_ACTIVITY_FILES = 4;

/** Which events to list. */
export interface EventQuery {
  readonly limit: number;
  /** Only those with lower numbers. */
  readonly before?: number;
  /** Only these kinds; all by default. */
  readonly kinds?: readonly EventKind[];
  /** Only those that contain all of these words, ignoring case. */
  readonly words?: readonly string[];
  /** Only what this one did. */
  readonly who?: string;
  /**
   * Only those within this time, from `since` up to `until`, which is excluded; in milliseconds
   * since the epoch.
   */
  readonly since?: number;
  readonly until?: number;
}

interface Waiting {
  readonly event: NewEvent;
  readonly at: string;
  readonly isActivity: boolean;
  readonly written: PromiseWithResolvers<void>;
}

/**
 * Who changed what, which is the audit log, and what the daemon did. Both are numbered together,
 * and each has its own files and limit, so that activity never displaces changes. A recorded change
 * is on disk and survives a power failure; concurrent ones are written together.
 */
export class EventLog {
  readonly #changes: EventFiles;
  readonly #activity: EventFiles;
  readonly #clock: Clock;
  readonly #turns = new Turns();
  #waiting: Waiting[] = [];
  #lastNumber: number | null = null;

  /** Nothing is read or created before the first event. */
  constructor(directory: string, options: EventLogOptions = {}) {
    const { maxFileBytes = MAX_FILE_BYTES, maxFiles = MAX_FILES } = options;
    const { maxActivityFiles = MAX_ACTIVITY_FILES } = options;
    this.#changes = new EventFiles(directory, { maxFileBytes, maxFiles, isDurable: true });
    this.#activity = new EventFiles(join(directory, "activity"), {
      maxFileBytes,
      maxFiles: maxActivityFiles,
      isDurable: false,
    });
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /**
   * Resolves when the change is on disk.
   *
   * @throws PkgstashError `storage` if the disk rejects it; it is then not recorded.
   */
  record(event: NewEvent): Promise<void> {
    return this.#add(event, false);
  }

  /**
   * Records what the daemon did. Throws like `record`; a power failure may lose the latest events.
   */
  recordActivity(event: NewEvent): Promise<void> {
    return this.#add(event, true);
  }

  /** The latest events that match, newest first. */
  async list(query: EventQuery): Promise<Event[]> {
    const { limit, before = Infinity } = query;
    const isWanted = filterOf(query);
    // Everything that happened before the query is part of the answer.
    await this.#turns.settled();
    const found: Event[] = [];
    const files = [this.#changes, this.#activity].map((each) =>
      wantedIn(each.newestFirst(before), isWanted)
    );
    const heads = await Promise.all(files.map((each) => each.next()));
    while (found.length < limit) {
      let newest: number | null = null;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        const other = newest === null ? null : heads[newest];
        if (other?.done !== false || head.value.number > other.value.number) newest = index;
      }
      const head = newest === null ? undefined : heads[newest];
      if (newest === null || head === undefined || head.done === true) break;
      found.push(head.value);
      heads[newest] = await files[newest]!.next();
    }
    return found;
  }

  /** Resolves when nothing is waiting. */
  async close(): Promise<void> {
    await this.#turns.settled();
  }

  #add(event: NewEvent, isActivity: boolean): Promise<void> {
    const written = Promise.withResolvers<void>();
    const at = new Date(this.#clock.now()).toISOString();
    this.#waiting.push({ event, at, isActivity, written });
    this.#turns.run(() => this.#writeWaiting());
    return written.promise;
  }

  async #writeWaiting(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const numbered: { event: Event; waiting: Waiting }[] = [];
    try {
      let number = this.#lastNumber ??= await this.#findLastNumber();
      for (const waiting of batch) {
        const { at, event } = waiting;
        const kind = event.kind ?? "change";
        numbered.push({ event: { number: ++number, at, ...event, kind }, waiting });
      }
      this.#lastNumber = number;
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    for (const [isActivity, files] of [[false, this.#changes], [true, this.#activity]] as const) {
      const own = numbered.filter(({ waiting }) => waiting.isActivity === isActivity);
      try {
        await files.append(own.map(({ event }) => event));
        for (const { waiting: { written } } of own) written.resolve();
      } catch (error) {
        this.#lastNumber = null;
        this.#fail(own.map(({ waiting }) => waiting), error);
      }
    }
  }

  #fail(waiting: readonly Waiting[], error: unknown): void {
    const failure = new PkgstashError(
      "storage",
      `Cannot write the audit log: ${reasonOf(error)}. ` +
        "Check that the disk is not full, and that this user may write there.",
      { cause: error },
    );
    for (const { written } of waiting) written.reject(failure);
  }

  async #findLastNumber(): Promise<number> {
    return Math.max(await this.#changes.lastNumber(), await this.#activity.lastNumber());
  }
}

async function* wantedIn(
  lines: AsyncGenerator<string>,
  isWanted: (line: string) => Event | null,
): AsyncGenerator<Event> {
  for await (const line of lines) {
    const event = isWanted(line);
    if (event !== null) yield event;
  }
}

/** The event of a line if it matches. Most lines that do not match need no parsing. */
function filterOf(
  { before = Infinity, kinds, words = [], who, since = -Infinity, until = Infinity }: EventQuery,
): (line: string) => Event | null {
  const wanted = words.map((word) => word.toLowerCase());
  // JSON escapes these characters.
  const plain = wanted.filter((word) => !/["\\\p{Cc}]/u.test(word));
  return (line) => {
    const lower = plain.length === 0 ? "" : line.toLowerCase();
    if (!plain.every((word) => lower.includes(word))) return null;
    const event = eventOf(line);
    if (event === null || event.number >= before) return null;
    const at = Date.parse(event.at);
    const isWanted = (kinds?.includes(event.kind) ?? true) && (who ?? event.who) === event.who &&
      at >= since && at < until;
    if (!isWanted) return null;
    const text = textOf(event);
    return wanted.every((word) => text.includes(word)) ? event : null;
  };
}

/** The searchable text of an event. */
function textOf({ who, address, action, request, details }: Event): string {
  const values = Object.values(details).map((value) =>
    typeof value === "string" ? value : JSON.stringify(value)
  );
  return [who, address, action, request, ...values].join("\n").toLowerCase();
}
