import { reasonOf } from "../../errors.ts";
import { Turns } from "../../async/turns.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";

const log = eventLogger("download");

/** How long clients are expected to return for the rest of a file. */
const AGE_MS = 6 * 3_600_000;
/** Far more than are refused in that time, except in an attack. */
const MAX_FILES = 1_000;

interface Refused {
  /** How many bytes clients may hold. */
  count: number;
  /** Milliseconds since the epoch. */
  until: number;
}

/**
 * Files of which clients may hold a beginning that belongs to another file. pacman keeps it and
 * requests the rest, which would not match. Kept in a file, because clients also return after a
 * restart.
 */
export class RefusedBeginnings {
  readonly #path: string | null;
  readonly #now: () => number;
  /** By the file's key, oldest first. */
  readonly #byKey = new Map<string, Refused>();
  readonly #turns = new Turns();

  /** Kept in the file at `path`; null for no file. `now` is in milliseconds since the epoch. */
  constructor(path: string | null, now: () => number = Date.now) {
    this.#path = path;
    this.#now = now;
  }

  /** Reads what an earlier run recorded. A damaged file counts as missing. */
  async load(): Promise<void> {
    if (this.#path === null) return;
    try {
      const entries: unknown = JSON.parse(await Deno.readTextFile(this.#path));
      for (const entry of Array.isArray(entries) ? entries : []) {
        const [key, count, until]: unknown[] = Array.isArray(entry) ? entry : [];
        if (typeof key !== "string" || typeof count !== "number") continue;
        if (typeof until === "number") this.#byKey.set(key, { count, until });
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      log.warn("cannot read which beginnings were refused", { reason: reasonOf(error) });
    }
  }

  /** Records that clients may hold up to `count` wrong bytes. */
  add(key: string, count: number): void {
    if (count <= 0) return;
    const before = this.#byKey.get(key)?.count ?? 0;
    this.#byKey.delete(key);
    this.#byKey.set(key, { count: Math.max(before, count), until: this.#now() + AGE_MS });
    for (const [oldest, { until }] of this.#byKey) {
      if (this.#byKey.size <= MAX_FILES && until > this.#now()) break;
      this.#byKey.delete(oldest);
    }
    void this.#turns.run(() => this.#save());
  }

  /** Whether the bytes before `position` that a client holds may be wrong. */
  mayEndAt(key: string, position: number): boolean {
    const refused = this.#byKey.get(key);
    return refused !== undefined && position > 0 && position <= refused.count &&
      this.#now() < refused.until;
  }

  /** Resolves when everything has been written. */
  async settled(): Promise<void> {
    await this.#turns.settled();
  }

  async #save(): Promise<void> {
    if (this.#path === null) return;
    const entries = [...this.#byKey].map(([key, { count, until }]) => [key, count, until]);
    try {
      await writeFileDurably(this.#path, JSON.stringify(entries));
    } catch (error) {
      log.warn("cannot record which beginnings were refused", { reason: reasonOf(error) });
    }
  }
}
