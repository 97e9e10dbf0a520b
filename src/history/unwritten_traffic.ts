import type { RequestResult } from "../platform/observability/metrics.ts";
import type { Delivery, Traffic } from "../repositories/traffic.ts";
import { addTally, emptyTally, ranked, type Tally } from "./tally.ts";

/** A client with many addresses must not fill the memory. */
const MAX_CLIENTS = 4_096;
/** Neither must counts that wait for a full disk. */
const MAX_CLIENTS_TO_WRITE = 1_000;
/** Directories are those of the configuration, a few dozen at most. */
const MAX_REPOSITORIES = 1_024;
/** A longer user agent is ignored. */
const MAX_AGENT_LENGTH = 200;
/** Distributions have a dozen repositories. */
const MAX_SYNCS = 64;

/** The name under which everything beyond the limit of names is counted. */
export const OTHERS = "";

/** A database that a client was sent, or told to be current. Times are in ms since the epoch. */
export interface Sync {
  /** What it is dated; null if it is not. */
  readonly databaseAt: number | null;
  readonly syncedAt: number;
}

/** What one client did. */
export interface ClientTraffic {
  readonly tally: Tally;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  lastSeen: number;
  agent: string | null;
  /** By the directories of repositories. */
  readonly syncs: Map<string, Sync>;
}

/** An answered request for a file. */
export interface FileRequest {
  /** The address. */
  readonly client: string;
  /** The directory of the repository; null if none was found. */
  readonly directory: string | null;
  readonly result: RequestResult;
  /** Bytes that are not counted while they are streamed. */
  readonly bytes: number;
  readonly agent: string | null;
  /** The date of the requested database, in ms; null if it has none, undefined for other files. */
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
      // What was fetched for the request is counted while it is streamed, or is a miss.
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

  /** Counts all but the clients with the most bytes as `OTHERS`. */
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
