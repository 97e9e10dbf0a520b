import type { Config } from "../config/config.ts";
import { clientNetwork } from "../formats/network/ip_address.ts";

/** The share of the system's limit of open files that client connections may use. */
const CEILING_SHARE = 0.75;
const MIN_CEILING = 16;
const CEILING_AGE_MS = 300_000;

/** The keys that limit connections. */
export type ConnectionLimits = Pick<
  Config,
  "maxConnections" | "maxClientConnections" | "idleTimeoutMs"
>;

/** Why a connection gets only a refusal. */
export type Refusal = "all" | "client";

/** What matters about the peer of an open connection. */
export interface OpenConnection {
  /** The peer's normalized address. */
  readonly address: string;
  /** Closes it while it is idle; a response still being sent is not cut off. */
  close(): void;
}

/** What is known about an open connection. */
interface Entry {
  readonly connection: OpenConnection;
  readonly client: string;
  /** All connections of its client. */
  readonly group: Set<Entry>;
  /** When it became idle; null while it has a request in flight. */
  idleSince: number | null;
}

/**
 * The open connections, and which of them are idle, that is, without a request in flight, whether
 * they have sent nothing yet, part of a request, or many. To make room for a new connection, the
 * one idle for the longest is closed, so idle connections can never keep others out. The search
 * happens only then: requests are far more frequent.
 */
export class Connections {
  readonly #limits: () => ConnectionLimits;
  readonly #isExempt: (address: string) => boolean;
  readonly #now: () => number;
  readonly #open = new Map<OpenConnection, Entry>();
  readonly #byClient = new Map<string, Set<Entry>>();
  /** How many connections the system allowed recently; may be fewer than configured. */
  #ceiling = { most: Infinity, until: Infinity };

  /**
   * `limits` returns those in force. Connections from an address for which `isExempt` holds belong
   * to many clients. `now` returns milliseconds of a monotonic clock.
   */
  constructor(
    limits: () => ConnectionLimits,
    isExempt: (address: string) => boolean,
    now: () => number = () => performance.now(),
  ) {
    this.#limits = limits;
    this.#isExempt = isExempt;
    this.#now = now;
  }

  get size(): number {
    return this.#open.size;
  }

  /** All open connections. */
  [Symbol.iterator](): Iterator<OpenConnection> {
    return this.#open.keys();
  }

  /** Makes room for a connection from `address`; returns the reason if that is impossible. */
  makeRoom(address: string): Refusal | null {
    const { maxConnections, maxClientConnections } = this.#limits();
    if (this.#ceiling.until < this.#now()) this.#ceiling = { most: Infinity, until: Infinity };
    const most = Math.min(maxConnections === 0 ? Infinity : maxConnections, this.#ceiling.most);
    const group = this.#byClient.get(clientNetwork(address));
    if (maxClientConnections > 0 && group !== undefined && !this.#isExempt(address)) {
      if (group.size >= maxClientConnections && !this.#closeOldest(group)) return "client";
    }
    if (this.#open.size >= most && !this.#closeOldest(this.#open.values())) return "all";
    return null;
  }

  /** Adds a new connection, which is idle until its first request. */
  add(connection: OpenConnection): void {
    const client = clientNetwork(connection.address);
    const group = this.#byClient.get(client) ?? new Set();
    const entry = { connection, client, group, idleSince: this.#now() };
    group.add(entry);
    this.#byClient.set(client, group);
    this.#open.set(connection, entry);
  }

  /** Records whether a connection has a request in flight. */
  setIdle(connection: OpenConnection, isIdle: boolean): void {
    const entry = this.#open.get(connection);
    if (entry !== undefined) entry.idleSince = isIdle ? this.#now() : null;
  }

  /** Forgets a connection that is closed or about to be. */
  remove(connection: OpenConnection): void {
    const entry = this.#open.get(connection);
    if (entry === undefined) return;
    this.#open.delete(connection);
    entry.group.delete(entry);
    if (entry.group.size === 0) this.#byClient.delete(entry.client);
  }

  /** Closes connections that have been idle for `idle_timeout`. */
  closeIdle(): void {
    const { idleTimeoutMs } = this.#limits();
    if (idleTimeoutMs === 0) return;
    const latest = this.#now() - idleTimeoutMs;
    for (const { connection, idleSince } of this.#open.values()) {
      if (idleSince !== null && idleSince <= latest) this.#close(connection);
    }
  }

  /**
   * Called when this process cannot open more files. Closes half of the idle connections, and
   * leaves some room for files from now on.
   */
  shed(): void {
    this.#ceiling = {
      most: Math.max(MIN_CEILING, Math.floor(this.#open.size * CEILING_SHARE)),
      until: this.#now() + CEILING_AGE_MS,
    };
    const idle = [...this.#open.values()].filter(({ idleSince }) => idleSince !== null)
      .sort((one, other) => (one.idleSince ?? 0) - (other.idleSince ?? 0));
    for (const { connection } of idle.slice(0, Math.ceil(idle.length / 2))) this.#close(connection);
  }

  #closeOldest(entries: Iterable<Entry>): boolean {
    let oldest: OpenConnection | null = null;
    let earliest = Infinity;
    for (const { connection, idleSince } of entries) {
      if (idleSince === null || idleSince >= earliest) continue;
      oldest = connection;
      earliest = idleSince;
    }
    if (oldest !== null) this.#close(oldest);
    return oldest !== null;
  }

  #close(connection: OpenConnection): void {
    this.remove(connection);
    connection.close();
  }
}
