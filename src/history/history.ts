import type { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { BackgroundWork } from "../async/background_work.ts";
import type { Config } from "../config/config.ts";
import { reasonOf } from "../errors.ts";
import { TimeSlice } from "../async/time_slice.ts";
import { Turns } from "../async/turns.ts";
import { checkInSlices } from "../platform/database/sliced_check.ts";
import { LateWrites, type Write } from "../platform/database/late_writes.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import {
  type Metrics,
  REQUEST_RESULTS,
  type TotalSample,
} from "../platform/observability/metrics.ts";
import type { Delivery, Traffic } from "../repositories/traffic.ts";
import { ClientNames } from "./client_names.ts";
import {
  allClients,
  clientAt,
  type ClientSync,
  clientWrites,
  forgetClients,
  type KnownClient,
  lastSyncs,
  setHostName,
  syncsOf,
  unresolvedClients,
} from "./client_table.ts";
import { HistoryFile } from "./history_file.ts";
import { hostNameOf, type PointerResolver } from "./reverse_names.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";
import {
  addToMinute,
  type Period,
  periodOf,
  periodsOf,
  type Subject,
  thinning,
} from "./traffic_table.ts";
import { type FileRequest, UnwrittenTraffic } from "./unwritten_traffic.ts";

const log = eventLogger("history");

const WRITE_INTERVAL_MS = 60_000;
/** Writes kept while the disk is full: an hour's worth, at up to 21 a minute. */
const MAX_LATE_WRITES = 60 * 21;
/** How long a host name from DNS is used before it is looked up again. */
const HOST_NAME_AGE_MS = 86_400_000;
/** DNS lookups after each write. */
const MAX_LOOKUPS = 20;

/** The available ranges, with the length and number of their periods. */
export const RANGES = {
  day: { lengthS: 300, count: 288 },
  month: { lengthS: 3_600, count: 744 },
  year: { lengthS: 86_400, count: 366 },
} as const;

export type Range = keyof typeof RANGES;

/** The counts of a range, in periods of equal length without gaps. */
export interface TrafficHistory {
  readonly lengthS: number;
  readonly periods: readonly Period[];
  /** The sum of all periods. */
  readonly total: Tally;
}

/** A client as it is listed. */
export interface ListedClient extends KnownClient {
  /** Given by a person; null if none. */
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
 * memory and written once a minute, so a crash loses at most that minute. Errors of the database
 * affect charts, never requests. Long work is done in slices, so that the event loop keeps running.
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
  /** Totals since startup by repository, without the unwritten counts. */
  readonly #totals = new Map<string, Tally>();
  #unwritten: UnwrittenTraffic;
  /** Serializes whatever uses, changes or replaces the database. */
  readonly #turns = new Turns();
  readonly #file: HistoryFile;
  #opened: Promise<void> | null = null;
  #config: HistoryConfig;
  #timer: ReturnType<typeof setInterval> | null = null;
  #isResolving = false;

  /** Counts at once; writes once `open` has run. */
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
    this.#file = new HistoryFile(() => this.#config.stateRoot);
    this.#writes = new LateWrites(() => this.#file.database, {
      limit: MAX_LATE_WRITES,
      onProblem: (reason) =>
        log.error("cannot write the history, keeping it in memory", { reason }),
      onRecovered: ({ written, lost }) =>
        log.info("writing the history works again", { written, lost }),
    });
    this.#observe();
  }

  /**
   * Opens the database, then checks it in the background and replaces it if it is damaged. If it
   * cannot be opened, everything stays in memory. Never rejects.
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

  /** The counts of the range that ends now, for one subject. Periods without traffic are zero. */
  async traffic(
    { range, subject, name }: { range: Range; subject: Subject; name: string },
  ): Promise<TrafficHistory> {
    const { lengthS, count } = RANGES[range];
    const untilS = periodOf(this.#now() / 1000, lengthS) + lengthS;
    const fromS = untilS - count * lengthS;
    const found = await this.#read((database) =>
      periodsOf(database, { subject, name, fromS, untilS, lengthS })
    );
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
    const names = await this.names.all();
    return await this.#read((database) => {
      const syncs = lastSyncs(database);
      return allClients(database).map((client) => ({
        ...client,
        name: names.get(client.address) ?? null,
        syncedAt: syncs.get(client.address) ?? null,
      }));
    });
  }

  /** A client and the databases that it synced; null if it is unknown. */
  async client(address: string): Promise<{ client: ListedClient; syncs: ClientSync[] } | null> {
    const name = (await this.names.all()).get(address) ?? null;
    return await this.#read((database) => {
      const client = clientAt(database, address);
      if (client === null) return null;
      const syncs = syncsOf(database, address);
      const syncedAt = syncs.length === 0 ? null : Math.max(...syncs.map((each) => each.syncedAt));
      return { client: { ...client, name, syncedAt }, syncs };
    });
  }

  /** Writes all counts since the last flush. Never rejects. */
  async flush(): Promise<void> {
    await this.#turns.run(async () => {
      if (!this.#file.isOpen) return;
      try {
        await this.#file.follow();
        await this.#writes.writeInSlices(this.#takeWrites());
      } catch (error) {
        log.error("cannot record a minute of the history", { reason: reasonOf(error) });
        await this.#file.heal(this.#file.database, error);
      }
    });
  }

  /** Writes everything and closes the database. */
  async close(): Promise<void> {
    this.#controller.abort();
    await this.#opened;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.flush();
    await this.#background.settled();
    await this.names.settled();
    this.#file.close();
  }

  async #open(): Promise<void> {
    await this.#file.open();
    this.#timer = setInterval(() => this.#tick(), WRITE_INTERVAL_MS);
    Deno.unrefTimer(Number(this.#timer));
    this.#background.add("cannot check the history", this.check());
  }

  /** Reads the whole database and replaces it if it is damaged. Rejects if that fails. */
  async check(): Promise<void> {
    const { database } = this.#file;
    try {
      await checkInSlices(database, this.#controller.signal);
    } catch (error) {
      const isReplaced = () => !this.#file.isOpen || this.#file.database !== database;
      if (isReplaced()) return;
      const isHealed = await this.#turns.run(() => this.#file.heal(database, error));
      if (!isHealed && !isReplaced()) throw error;
    }
  }

  /** Runs once a minute. */
  #tick(): void {
    this.#background.add("cannot tidy up the history", this.flush().then(() => this.tidy()));
  }

  /** Takes the counts since the last call, as writes. */
  #takeWrites(): Write[] {
    const batch = this.#unwritten;
    this.#unwritten = new UnwrittenTraffic(this.#now);
    if (batch.isEmpty) return [];
    for (const [directory, tally] of batch.repositories) {
      addTally(entryOf(this.#totals, directory), tally);
    }
    batch.trim();
    return [(database) => addTraffic(database, batch), ...clientWrites(batch.clients)];
  }

  /** Thins old counts, forgets clients beyond the limit, and looks up host names of the others. */
  async tidy(): Promise<void> {
    if (this.#writes.problem !== null) return;
    // Unreadable names protect no client: the table must not grow meanwhile.
    const names = await this.names.all().catch(() => new Map<string, string>());
    await this.#turns.run(async () => {
      if (!this.#file.isOpen) return;
      try {
        await this.#shrink((address) => names.has(address));
      } catch (error) {
        if (!await this.#file.heal(this.#file.database, error)) throw error;
      }
    });
    if (this.#config.resolveClientNames) await this.#resolveNames();
  }

  async #shrink(isNamed: (address: string) => boolean): Promise<void> {
    const { signal } = this.#controller;
    const slice = new TimeSlice();
    for (const write of thinning(this.#file.database, this.#now())) {
      if (signal.aborted || !this.#writes.attempt(write)) return;
      if (slice.isOver) await slice.renew();
    }
    this.#writes.attempt((database) => forgetClients(database, this.#now(), isNamed));
  }

  async #resolveNames(): Promise<void> {
    if (this.#isResolving) return;
    this.#isResolving = true;
    try {
      const { signal } = this.#controller;
      const since = this.#now() - HOST_NAME_AGE_MS;
      const wanted = { seenSince: since, askedSince: since, limit: MAX_LOOKUPS };
      for (const address of await this.#query((each) => unresolvedClients(each, wanted))) {
        const hostName = await hostNameOf(address, signal, this.#resolve);
        if (signal.aborted) return;
        const found = { hostName, at: this.#now() };
        await this.#query(() =>
          this.#writes.attempt((database) => setHostName(database, address, found))
        );
      }
    } finally {
      this.#isResolving = false;
    }
  }

  /** Writes pending counts, if the disk accepts writes, then reads from the database. */
  async #read<T>(query: (database: DatabaseSync) => T): Promise<T> {
    await this.#opened;
    if (this.#writes.problem === null) await this.flush();
    return await this.#query(query);
  }

  /**
   * Uses the database in its own turn. Repeats the query if the database turns out to be damaged
   * and is replaced.
   */
  async #query<T>(query: (database: DatabaseSync) => T): Promise<T> {
    return await this.#turns.run(async () => {
      const { database } = this.#file;
      try {
        return query(database);
      } catch (error) {
        if (!await this.#file.heal(database, error)) throw error;
        return query(this.#file.database);
      }
    });
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

/** Writes the counts of a minute for the charts. */
function addTraffic(database: DatabaseSync, batch: UnwrittenTraffic): void {
  const { since, repositories, clients } = batch;
  const all = emptyTally();
  for (const tally of repositories.values()) addTally(all, tally);
  addToMinute(database, since, "all", new Map([["", all]]));
  addToMinute(database, since, "repository", repositories);
  const tallies = new Map([...clients].map(([address, { tally }]) => [address, tally]));
  addToMinute(database, since, "client", tallies);
}

function entryOf(tallies: Map<string, Tally>, name: string): Tally {
  const known = tallies.get(name);
  if (known !== undefined) return known;
  const tally = emptyTally();
  tallies.set(name, tally);
  return tally;
}
