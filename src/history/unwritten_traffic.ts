import type { RequestResult } from "../platform/observability/metrics.ts";
import type { Delivery, Traffic } from "../repositories/traffic.ts";
import { addTally, emptyTally, ranked, type Tally } from "./tally.ts";

/** Most clients in memory: a client with many addresses must not fill it. */
const MAX_CLIENTS = 4_096;
/** Most clients in a batch: batches that wait for a full disk must not fill the memory either. */
const MAX_CLIENTS_TO_WRITE = 1_000;
/** The configuration has a few dozen directories at most. */
const MAX_REPOSITORIES = 1_024;
/** In characters; longer user agents are ignored. */
const MAX_AGENT_LENGTH = 200;
/** Repositories per client; distributions have about a dozen. */
const MAX_SYNCS = 64;

/** The name that stands for all names beyond a limit. */
export const OTHERS = "";

/**
 * A client's sync of a database: sent, or confirmed as current. Times are in milliseconds since the
 * epoch.
 */
export interface Sync {
  /** Date of the database; null if it has none. */
  readonly databaseAt: number | null;
  readonly syncedAt: number;
}

/** The requests of one client. */
export interface ClientTraffic {
  readonly tally: Tally;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  lastSeen: number;
  agent: string | null;
  /** By repository directory. */
  readonly syncs: Map<string, Sync>;
}

/** An answered request for a file. */
export interface FileRequest {
  /** IP address. */
  readonly client: string;
  /** Directory of the repository; null if the path belongs to none. */
  readonly directory: string | null;
  readonly result: RequestResult;
  /** Bytes sent, unless they are counted with `addBytesServed` while they are streamed. */
  readonly bytes: number;
  readonly agent: string | null;
  /**
   * Date of the requested database, in milliseconds since the epoch; null if it has none, undefined
   * for other files.
   */
  readonly databaseAt?: number | null | undefined;
}

/** Counts since the last write, in memory. */
export class UnwrittenTraffic implements Traffic {
  readonly clients = new Map<string, ClientTraffic>();
  readonly repositories = new Map<string, Tally>();
  /** When counting began, in milliseconds since the epoch. */
  readonly since: number;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.since = now();
  }

  get isEmpty(): boolean {
    return this.clients.size === 0 && this.repositories.size === 0;
  }

  recordRequest({ client, directory, result, bytes, agent, databaseAt }: FileRequest): void {
    const now = this.#now();
    const traffic = this.#clientOf(client, now);
    const tally = this.#tallyOf(directory ?? OTHERS);
    traffic.tally[result]++;
    tally[result]++;
    if (bytes > 0) {
      traffic.tally.bytesServed += bytes;
      tally.bytesServed += bytes;
      // Of the bytes counted here, only those of a miss came from a mirror.
      if (result !== "miss") {
        traffic.tally.bytesSaved += bytes;
        tally.bytesSaved += bytes;
      }
    }
    traffic.lastSeen = now;
    if (agent !== null && agent.length <= MAX_AGENT_LENGTH) traffic.agent = agent;
    if (databaseAt !== undefined && directory !== null) {
      const { syncs } = traffic;
      if (syncs.size < MAX_SYNCS || syncs.has(directory)) {
        syncs.set(directory, { databaseAt, syncedAt: now });
      }
    }
  }

  addBytesServed(count: number, { client, directory, isSaved }: Delivery): void {
    const ofClient = this.#clientOf(client, this.#now()).tally;
    const ofRepository = this.#tallyOf(directory);
    ofClient.bytesServed += count;
    ofRepository.bytesServed += count;
    if (!isSaved) return;
    ofClient.bytesSaved += count;
    ofRepository.bytesSaved += count;
  }

  addBytesFetched(count: number, directory: string): void {
    this.#tallyOf(directory).bytesFetched += count;
  }

  /** Merges all but the clients with the most bytes into `OTHERS`. */
  trim(): void {
    const tallies = new Map([...this.clients].map(([address, { tally }]) => [address, tally]));
    for (const [address, tally] of ranked(tallies).slice(MAX_CLIENTS_TO_WRITE)) {
      if (address === OTHERS) continue;
      this.clients.delete(address);
      addTally(this.#clientOf(OTHERS, this.since).tally, tally);
    }
  }

  #clientOf(address: string, now: number): ClientTraffic {
    const known = this.clients.get(address);
    if (known !== undefined) return known;
    if (this.clients.size >= MAX_CLIENTS && address !== OTHERS) return this.#clientOf(OTHERS, now);
    const traffic = {
      tally: emptyTally(),
      firstSeen: now,
      lastSeen: now,
      agent: null,
      syncs: new Map<string, Sync>(),
    };
    this.clients.set(address, traffic);
    return traffic;
  }

  #tallyOf(directory: string): Tally {
    const known = this.repositories.get(directory);
    if (known !== undefined) return known;
    if (this.repositories.size >= MAX_REPOSITORIES && directory !== OTHERS) {
      return this.#tallyOf(OTHERS);
    }
    const tally = emptyTally();
    this.repositories.set(directory, tally);
    return tally;
  }
}
