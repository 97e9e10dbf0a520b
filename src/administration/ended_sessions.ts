import { type Clock, SYSTEM_CLOCK } from "../async/clock.ts";
import { Turns } from "../async/turns.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { writeFileDurably } from "../platform/files/durable.ts";

/** What matters about a session of the web admin when it ends. */
export interface EndableSession {
  readonly id: string;
  /** Both in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly expiresAt: number;
}

interface Ended {
  /** All sessions that began earlier are ended. */
  readonly before: number;
  /** When the sessions that were ended one by one expire, by ID. */
  readonly sessions: ReadonlyMap<string, number>;
}

/**
 * The sessions of the web admin that somebody ended. A cookie proves itself, so this list is what
 * makes a copy of it worthless, even after a restart.
 */
export class EndedSessions {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #changes = new Turns();
  #loaded: Promise<Ended> | null = null;

  /** They are read from the file at `path` on first use. */
  constructor(path: string, clock: Clock = SYSTEM_CLOCK) {
    this.#path = path;
    this.#clock = clock;
  }

  /** @throws PkgstashError `storage` if the file cannot be read. */
  async has({ id, startedAt }: EndableSession): Promise<boolean> {
    const { before, sessions } = await this.#ended();
    return startedAt < before || sessions.has(id);
  }

  /** Resolves when the end of a session is on disk. */
  add({ id, expiresAt }: EndableSession): Promise<void> {
    return this.#change(({ before, sessions }) => ({
      before,
      sessions: new Map([...sessions, [id, expiresAt]]),
    }));
  }

  /** Resolves when the end of all present sessions is on disk. */
  addAll(): Promise<void> {
    // A session that begins in this very millisecond is ended too.
    return this.#change(() => ({ before: this.#clock.now() + 1, sessions: new Map() }));
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.#changes.settled();
  }

  async #change(change: (ended: Ended) => Ended): Promise<void> {
    await this.#changes.run(async () => {
      const { before, sessions } = change(await this.#ended());
      const now = this.#clock.now();
      const current = new Map([...sessions].filter(([, expiresAt]) => expiresAt > now));
      const text = JSON.stringify({ before, sessions: Object.fromEntries(current) });
      try {
        await writeFileDurably(this.#path, `${text}\n`, { mode: 0o600 });
      } catch (error) {
        throw new PkgstashError("storage", `Cannot end the session: ${reasonOf(error)}.`, {
          cause: error,
        });
      }
      this.#loaded = Promise.resolve({ before, sessions: current });
    });
  }

  #ended(): Promise<Ended> {
    return this.#loaded ??= readEnded(this.#path).catch((error) => {
      this.#loaded = null;
      throw error;
    });
  }
}

async function readEnded(path: string): Promise<Ended> {
  try {
    const { before, sessions } = JSON.parse(await Deno.readTextFile(path)) as Record<
      keyof Ended,
      unknown
    >;
    const isWhole = typeof before === "number" && typeof sessions === "object" &&
      sessions !== null && Object.values(sessions).every((each) => typeof each === "number");
    if (!isWhole) throw new Error("it is not a valid list of sessions");
    return { before, sessions: new Map(Object.entries(sessions as Record<string, number>)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { before: 0, sessions: new Map() };
    throw new PkgstashError(
      "storage",
      `Cannot read the list of ended sessions in ${path}: ${reasonOf(error)}. Change ` +
        "PKGSTASH_TOKEN, which ends all sessions, and remove the file.",
      { cause: error },
    );
  }
}
