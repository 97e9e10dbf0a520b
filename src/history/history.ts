import type { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { BackgroundWork } from "../async/background_work.ts";
import type { Config } from "../config/config.ts";
import { reasonOf } from "../errors.ts";
import { openDatabase } from "../platform/database/database.ts";
import { LateWrites } from "../platform/database/late_writes.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import {
  type Metrics,
  REQUEST_RESULTS,
  type TotalSample,
} from "../platform/observability/metrics.ts";
import type { Delivery, Traffic } from "../repositories/traffic.ts";
import { ClientNames } from "./client_names.ts";
import {
  addClients,
  allClients,
  clientAt,
  type ClientSync,
  forgetClients,
  type KnownClient,
  lastSyncs,
  setHostName,
  syncsOf,
  unresolvedClients,
} from "./client_table.ts";
import { MIGRATIONS } from "./history_schema.ts";
import { hostNameOf, type PointerResolver } from "./reverse_names.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";
import {
  addToMinute,
  type Period,
  periodOf,
  periodsOf,
  type Subject,
  thin,
} from "./traffic_table.ts";
import { type FileRequest, UnwrittenTraffic } from "./unwritten_traffic.ts";

const log = eventLogger("history");

const WRITE_INTERVAL_MS = 60_000;
/** An hour that the disk does not take. */
const MAX_LATE_WRITES = 60;
/** DNS is asked about a client again after this time. */
const HOST_NAME_AGE_MS = 86_400_000;
/** How many clients DNS is asked about after a write. */
const MAX_LOOKUPS = 20;

/** The ranges that can be asked for, with the length and the number of their periods. */
export const RANGES = {
  day: { lengthS: 300, count: 288 },
  month: { lengthS: 3_600, count: 744 },
  year: { lengthS: 86_400, count: 366 },
} as const;

export type Range = keyof typeof RANGES;

/** The counts of a range, in periods of one length without gaps. */
export interface TrafficHistory {
  readonly lengthS: number;
  readonly periods: readonly Period[];
  /** Of the whole range. */
  readonly total: Tally;
}

/** A client as it is listed. */
export interface ListedClient extends KnownClient {
  /** Given by hand. */
  readonly name: string | null;
  /** When it last synced a database; null if it never did. */
  readonly syncedAt: number | null;
}

type HistoryConfig = Pick<Config, "resolveClientNames" | "stateRoot">;

export interface HistoryOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly resolve?: PointerResolver;
}

/**
 * What was served and fetched, when and to whom: the door of this room. Requests are counted in
 * memory and written once a minute, so a crash costs that minute. What cannot be written, opened or
 * read costs charts, and never a request.
 */
export class History implements Traffic {
  readonly names: ClientNames;
  readonly #metrics: Metrics;
  readonly #resolve: PointerResolver | undefined;
  readonly #now: () => number;
  readonly #writes: LateWrites;
  readonly #background = new BackgroundWork((failure, error) =>
    log.error(failure, { reason: reasonOf(error) })
  );
  readonly #controller = new AbortController();
  /** Since the start, by repository, without what is not written yet. */
  readonly #totals = new Map<string, Tally>();
  #unwritten: UnwrittenTraffic;
  #database: DatabaseSync | null = null;
  #opened: Promise<DatabaseSync> | null = null;
  #config: HistoryConfig;
  #timer: ReturnType<typeof setInterval> | null = null;
  #isResolving = false;

  /** It counts at once, and writes when it is open. */
  constructor(
    config: HistoryConfig,
    metrics: Metrics,
    { now = () => Date.now(), resolve }: HistoryOptions = {},
  ) {
    this.#config = config;
    this.#metrics = metrics;
    this.#now = now;
    this.#resolve = resolve;
    this.#unwritten = new UnwrittenTraffic(now);
    this.names = new ClientNames(join(config.stateRoot, "client_names.json"));
    this.#writes = new LateWrites(() => this.#database!, {
      limit: MAX_LATE_WRITES,
      onProblem: (reason) =>
        log.error("cannot write the history, keeping it in memory", { reason }),
      onRecovered: ({ written, lost }) =>
        log.info("writing the history works again", { written, lost }),
    });
    this.#observe();
  }

  /**
   * Opens the database; a damaged one is replaced. If that fails, everything stays in memory. Never
   * rejects.
   */
  async open(): Promise<void> {
    this.#opened ??= this.#open();
    await this.#opened;
  }

  /** Applies a new configuration. */
  reconfigure(config: HistoryConfig): void {
    this.#config = config;
  }

  /** Counts an answered request for a file. */
  recordRequest(request: FileRequest): void {
    this.#metrics.countRequest(request.result);
    this.#metrics.addBytesServed(request.bytes);
    this.#unwritten.recordRequest(request);
  }

  addBytesServed(count: number, delivery: Delivery): void {
    this.#metrics.addBytesServed(count);
    this.#unwritten.addBytesServed(count, delivery);
  }

  addBytesFetched(count: number, directory: string): void {
    this.#metrics.addBytesFetched(count);
    this.#unwritten.addBytesFetched(count, directory);
  }

  /** What happened in a range that ends now. */
  async traffic(
    { range, subject, name }: { range: Range; subject: Subject; name: string },
  ): Promise<TrafficHistory> {
    const database = await this.#upToDate();
    const { lengthS, count } = RANGES[range];
    const untilS = periodOf(this.#now() / 1000, lengthS) + lengthS;
    const fromS = untilS - count * lengthS;
    const found = periodsOf(database, { subject, name, fromS, untilS, lengthS });
    const byStart = new Map(found.map((period) => [period.startS, period]));
    const total = emptyTally();
    for (const { tally } of found) addTally(total, tally);
    const periods = Array.from({ length: count }, (_, index) => {
      const startS = fromS + index * lengthS;
      return byStart.get(startS) ?? { startS, tally: emptyTally() };
    });
    return { lengthS, periods, total };
  }

  /** All known clients. */
  async clients(): Promise<ListedClient[]> {
    const database = await this.#upToDate();
    const names = await this.names.all();
    const syncs = lastSyncs(database);
    return allClients(database).map((client) => ({
      ...client,
      name: names.get(client.address) ?? null,
      syncedAt: syncs.get(client.address) ?? null,
    }));
  }

  /** A client, and the databases that it synced; null if it is not known. */
  async client(address: string): Promise<{ client: ListedClient; syncs: ClientSync[] } | null> {
    const database = await this.#upToDate();
    const client = clientAt(database, address);
    if (client === null) return null;
    const syncs = syncsOf(database, address);
    const name = (await this.names.all()).get(address) ?? null;
    const syncedAt = syncs.length === 0 ? null : Math.max(...syncs.map((each) => each.syncedAt));
    return { client: { ...client, name, syncedAt }, syncs };
  }

  /** Writes what has happened since the last time. */
  flush(): void {
    const database = this.#database;
    if (database === null) return;
    const batch = this.#unwritten;
    this.#unwritten = new UnwrittenTraffic(this.#now);
    try {
      if (batch.isEmpty) return void this.#writes.flush();
      for (const [directory, tally] of batch.repositories) {
        addTally(entryOf(this.#totals, directory), tally);
      }
      batch.trim();
      this.#writes.write((database) => write(database, batch));
    } catch (error) {
      log.error("cannot record a minute of the history", { reason: reasonOf(error) });
    }
  }

  /** Writes everything and closes the database. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#controller.abort();
    await this.#opened;
    this.flush();
    await this.#background.settled();
    await this.names.settled();
    this.#database?.close();
    this.#database = null;
  }

  async #open(): Promise<DatabaseSync> {
    let database: DatabaseSync;
    try {
      // Not in the cache, which may be removed: what was in the past cannot be fetched again.
      database = await openDatabase(join(this.#config.stateRoot, "history.sqlite"), MIGRATIONS);
    } catch (error) {
      log.error("keeping the history in memory until the next start", { reason: reasonOf(error) });
      database = await openDatabase(":memory:", MIGRATIONS);
    }
    this.#database = database;
    this.#timer = setInterval(() => this.#tick(), WRITE_INTERVAL_MS);
    Deno.unrefTimer(Number(this.#timer));
    return database;
  }

  /** What is done once a minute. */
  #tick(): void {
    this.flush();
    this.#background.add("cannot tidy up the history", this.tidy());
  }

  /** Thins what is old, forgets clients beyond the limit, and asks DNS about the others. */
  async tidy(): Promise<void> {
    const database = this.#database;
    if (database === null || this.#writes.problem !== null) return;
    // Names that cannot be read protect nobody, and must not let the clients grow.
    const names = await this.names.all().catch(() => new Map<string, string>());
    if (this.#controller.signal.aborted) return;
    this.#writes.attempt((database) => {
      thin(database, this.#now());
      forgetClients(database, this.#now(), (address) => names.has(address));
    });
    if (this.#config.resolveClientNames) await this.#resolveNames(database);
  }

  async #resolveNames(database: DatabaseSync): Promise<void> {
    if (this.#isResolving) return;
    this.#isResolving = true;
    try {
      const { signal } = this.#controller;
      const since = this.#now() - HOST_NAME_AGE_MS;
      const wanted = { seenSince: since, askedSince: since, limit: MAX_LOOKUPS };
      for (const address of unresolvedClients(database, wanted)) {
        const hostName = await hostNameOf(address, signal, this.#resolve);
        if (signal.aborted) return;
        this.#writes.attempt((database) =>
          setHostName(database, address, { hostName, at: this.#now() })
        );
      }
    } finally {
      this.#isResolving = false;
    }
  }

  /** The database with everything in it that has happened, as far as the disk takes it. */
  async #upToDate(): Promise<DatabaseSync> {
    const database = await this.#opened;
    if (database === null) throw new Error("the history is not open");
    if (this.#writes.problem === null) this.flush();
    return database;
  }

  #observe(): void {
    const help = "by repository.";
    const read =
      (values: (tally: Tally) => readonly [string | null, number][]) => (): TotalSample[] => {
        const totals = new Map<string, Tally>();
        for (const tallies of [this.#totals, this.#unwritten.repositories]) {
          for (const [directory, tally] of tallies) addTally(entryOf(totals, directory), tally);
        }
        return [...totals].flatMap(([repository, tally]) =>
          values(tally).map(([result, value]) => ({
            labels: { repository, ...(result === null ? {} : { result }) },
            value,
          }))
        );
      };
    this.#metrics.observeTotal({
      name: "pkgstash_repository_requests_total",
      help: `File requests by outcome, ${help}`,
      labels: ["repository", "result"],
    }, read((tally) => REQUEST_RESULTS.map((result) => [result, tally[result]] as const)));
    for (
      const [name, what, key] of [
        ["served", "sent to clients", "bytesServed"],
        ["saved", "sent to clients without a transfer from a mirror", "bytesSaved"],
        ["fetched", "received from mirrors", "bytesFetched"],
      ] as const
    ) {
      this.#metrics.observeTotal({
        name: `pkgstash_repository_bytes_${name}_total`,
        help: `Bytes of files ${what}, ${help}`,
        labels: ["repository"],
      }, read((tally) => [[null, tally[key]]]));
    }
  }
}

/** Writes a minute in one transaction. */
function write(database: DatabaseSync, batch: UnwrittenTraffic): void {
  const { since, repositories, clients } = batch;
  const all = emptyTally();
  for (const tally of repositories.values()) addTally(all, tally);
  addToMinute(database, since, "all", new Map([["", all]]));
  addToMinute(database, since, "repository", repositories);
  const tallies = new Map([...clients].map(([address, { tally }]) => [address, tally]));
  addToMinute(database, since, "client", tallies);
  addClients(database, clients);
}

function entryOf(tallies: Map<string, Tally>, name: string): Tally {
  const known = tallies.get(name);
  if (known !== undefined) return known;
  const tally = emptyTally();
  tallies.set(name, tally);
  return tally;
}
