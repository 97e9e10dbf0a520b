import type { Snapshot } from "./snapshot.ts";

/**
 * How long the files of a replaced snapshot are kept at least. A client on a slow line may take
 * minutes for a database, and requests the signature only then.
 */
const LEASE_MS = 9 * 60_000;
/** Twice the number of leases, since each is stored under two keys. The oldest are evicted. */
const MAX_KEYS = 10_000;

/** Who sent a request: the peer of the connection, or the client that a trusted proxy names. */
export interface Client {
  /** A normalized IP address, or `UNKNOWN_ADDRESS`. */
  hostname: string;
  /** The port of its connection, since several clients may share one address; null if unknown. */
  port: number | null;
}

/** The address of a client that a trusted proxy does not name. */
export const UNKNOWN_ADDRESS = "unknown";

/**
 * Remembers which snapshot each client has begun to read, so that it gets the signature of the same
 * database even if another snapshot has been published in between.
 */
export class Leases<S = Snapshot> {
  readonly #byClient = new Map<string, { snapshot: Promise<S>; until: number }>();

  readonly #now: () => number;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Records that a client is being sent the database or file list `key` of `snapshot`. The snapshot
   * is a promise because a client may follow a transfer whose snapshot is published only at its
   * end.
   */
  grant(client: Client, key: string, snapshot: Promise<S>): void {
    // A failure is reported to the callers of `of`; there may be none.
    snapshot.catch(() => {});
    const lease = { snapshot, until: this.#now() + LEASE_MS };
    for (const leaseKey of leaseKeys(client, key)) {
      // Deleted first, so that the map stays in the order of grants.
      this.#byClient.delete(leaseKey);
      this.#byClient.set(leaseKey, lease);
    }
    for (const oldest of this.#byClient.keys()) {
      if (this.#byClient.size <= MAX_KEYS) break;
      this.#byClient.delete(oldest);
    }
  }

  /** The snapshot whose `key` was last sent on this connection, else to this address; null if none. */
  of(client: Client, key: string): Promise<S> | null {
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
  // Indistinguishable clients must not get each other's signatures.
  if (hostname === UNKNOWN_ADDRESS) return [];
  const byAddress = `${hostname} ${key}`;
  return port === null ? [byAddress] : [`${hostname} ${port} ${key}`, byAddress];
}
