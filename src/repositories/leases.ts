import type { Snapshot } from "./snapshot.ts";

/** pacman asks for the signature right after the database; this is long for "right after", in ms. */
const LEASE = 60_000;
const MOST = 10_000;

/** Who asks: pacman keeps its connection, and a household may share one address. */
export interface Client {
  hostname: string;
  port: number;
}

/**
 * Which snapshot a client began with, so that the signature it asks for next is the one of the
 * database that it got, even if another set was published in between.
 */
export class Leases {
  readonly #byClient = new Map<string, { snapshot: Promise<Snapshot>; until: number }>();

  /** `now` gives the milliseconds of a clock that only goes forward. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Notes that a client was given the database or file list `key` as of `snapshot`, which may be
   * published only when the client has had nearly all of it.
   */
  grant(client: Client, key: string, snapshot: Promise<Snapshot>): void {
    // Whoever asks for it hears of a failure; nobody has to ask.
    snapshot.catch(() => {});
    const lease = { snapshot, until: this.now() + LEASE };
    for (const name of namesOf(client, key)) {
      this.#byClient.delete(name);
      this.#byClient.set(name, lease);
    }
    while (this.#byClient.size > MOST) {
      this.#byClient.delete(this.#byClient.keys().next().value!);
    }
  }

  /** The set whose `key` the client got on this connection, or else at this address, if any. */
  of(client: Client, key: string): Promise<Snapshot> | null {
    for (const name of namesOf(client, key)) {
      const lease = this.#byClient.get(name);
      if (lease === undefined) continue;
      if (lease.until > this.now()) return lease.snapshot;
      this.#byClient.delete(name);
    }
    return null;
  }
}

function namesOf({ hostname, port }: Client, key: string): string[] {
  return [`${hostname} ${port} ${key}`, `${hostname} ${key}`];
}
