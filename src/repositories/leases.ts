import type { Snapshot } from "./snapshot.ts";

/** Ample: pacman requests the signature right after the database. */
const LEASE_MS = 60_000;
/** Twice the number of leases, since each is kept under two keys. The oldest are evicted. */
const MAX_KEYS = 10_000;

/** The peer of a connection. The port matters, since several clients may share one address. */
export interface Client {
  hostname: string;
  port: number;
}

/**
 * Remembers which snapshot each client has begun to read, so that it gets the signature of the very
 * database it has, even if another snapshot was published in between.
 */
export class Leases {
  readonly #byClient = new Map<string, { snapshot: Promise<Snapshot>; until: number }>();

  readonly #now: () => number;

  /** `now` returns the milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Records that a client is sent the database or file list `key` of `snapshot`. The snapshot is a
   * promise because a client may follow a transfer whose snapshot is published only at its end.
   */
  grant(client: Client, key: string, snapshot: Promise<Snapshot>): void {
    // A failure is reported to the callers of `of`; there may be none.
    snapshot.catch(() => {});
    const lease = { snapshot, until: this.#now() + LEASE_MS };
    for (const leaseKey of leaseKeys(client, key)) {
      // Deleted first, so that the order of the map is that of the grants.
      this.#byClient.delete(leaseKey);
      this.#byClient.set(leaseKey, lease);
    }
    for (const oldest of this.#byClient.keys()) {
      if (this.#byClient.size <= MAX_KEYS) break;
      this.#byClient.delete(oldest);
    }
  }

  /** The snapshot whose `key` was sent on this connection, else to this address; null if none. */
  of(client: Client, key: string): Promise<Snapshot> | null {
    for (const leaseKey of leaseKeys(client, key)) {
      const lease = this.#byClient.get(leaseKey);
      if (lease === undefined) continue;
      if (lease.until > this.#now()) return lease.snapshot;
      this.#byClient.delete(leaseKey);
    }
    return null;
  }
}

function leaseKeys({ hostname, port }: Client, key: string): string[] {
  return [`${hostname} ${port} ${key}`, `${hostname} ${key}`];
}
