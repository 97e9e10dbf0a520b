import type { DatabaseSync } from "node:sqlite";
import type { Write } from "../platform/database/late_writes.ts";
import { ranked, type Tally, TALLY_COLUMNS, TALLY_KEYS } from "./tally.ts";
import { type ClientTraffic, OTHERS, type Sync } from "./unwritten_traffic.ts";

/** The most clients to remember. */
export const MAX_CLIENTS = 2_000;
/** New clients per batch: a client with many addresses must not displace all others at once. */
const MAX_NEW_AT_ONCE = 100;
/** Clients per transaction. Each has about a dozen databases, so it takes a few milliseconds. */
const CLIENTS_PER_WRITE = 50;
/** Clients unseen for this long are forgotten first. */
const LONG_UNSEEN_MS = 90 * 86_400_000;

/** A client and its totals. Times are in milliseconds since the epoch. */
export interface KnownClient {
  readonly address: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** The user agent of its last request; untrusted text. */
  readonly agent: string | null;
  /** From reverse DNS. */
  readonly hostName: string | null;
  readonly tally: Tally;
}

/** A client's last sync of one repository's database. */
export interface ClientSync extends Sync {
  readonly directory: string;
}

const COLUMNS = TALLY_KEYS.map((key) => TALLY_COLUMNS[key]);
const ADD = `
  INSERT INTO clients (address, first_seen, last_seen, agent, ${COLUMNS.join(", ")})
  VALUES (?, ?, ?, ?, ${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT DO UPDATE SET
    first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen),
    agent = coalesce(excluded.agent, agent),
    ${COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`;
const SELECT = `
  SELECT address, first_seen AS firstSeen, last_seen AS lastSeen, agent, host_name AS hostName,
    ${TALLY_KEYS.map((key) => `${TALLY_COLUMNS[key]} AS "${key}"`).join(", ")} FROM clients`;

/**
 * Writes that add the traffic of clients. If there are too many new ones, those with the most bytes
 * win.
 */
export function clientWrites(clients: ReadonlyMap<string, ClientTraffic>): Write[] {
  const tallies = new Map([...clients].map(([address, { tally }]) => [address, tally]));
  const order = ranked(tallies).map(([address]) => address).filter((each) => each !== OTHERS);
  const room = { left: MAX_NEW_AT_ONCE };
  const writes: Write[] = [];
  for (let at = 0; at < order.length; at += CLIENTS_PER_WRITE) {
    const part = order.slice(at, at + CLIENTS_PER_WRITE);
    writes.push((database) => addClients(database, { addresses: part, clients, room }));
  }
  return writes;
}

function addClients(
  database: DatabaseSync,
  { addresses, clients, room }: {
    addresses: readonly string[];
    clients: ReadonlyMap<string, ClientTraffic>;
    /** How many more new clients may be added. */
    room: { left: number };
  },
): void {
  const isKnown = database.prepare("SELECT 1 FROM clients WHERE address = ?");
  const insert = database.prepare(ADD);
  const sync = database.prepare("INSERT OR REPLACE INTO syncs VALUES (?, ?, ?, ?)");
  for (const address of addresses) {
    const traffic = clients.get(address);
    if (traffic === undefined) continue;
    if (isKnown.get(address) === undefined && room.left-- <= 0) continue;
    const { firstSeen, lastSeen, agent, syncs, tally } = traffic;
    insert.run(address, firstSeen, lastSeen, agent, ...TALLY_KEYS.map((key) => tally[key]));
    for (const [directory, { databaseAt, syncedAt }] of syncs) {
      sync.run(address, directory, databaseAt, syncedAt);
    }
  }
}

/**
 * Forgets clients beyond `MAX_CLIENTS`: first those not seen for a long time, then those with the
 * fewest bytes, and never those with a name.
 */
export function forgetClients(
  database: DatabaseSync,
  now: number,
  isNamed: (address: string) => boolean,
): void {
  const { count } = database.prepare("SELECT count(*) AS count FROM clients").get() as {
    count: number;
  };
  let excess = count - MAX_CLIENTS;
  if (excess <= 0) return;
  const rows = database.prepare(`
    SELECT address FROM clients ORDER BY last_seen < ? DESC, bytes_served, last_seen`)
    .all(now - LONG_UNSEEN_MS) as { address: string }[];
  const [forgetClient, forgetSyncs] = ["clients", "syncs"].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE address = ?`)
  );
  for (const { address } of rows) {
    if (excess <= 0) break;
    if (isNamed(address)) continue;
    forgetClient?.run(address);
    forgetSyncs?.run(address);
    excess--;
  }
}

/** All clients: at most `MAX_CLIENTS`, or as many as have names. */
export function allClients(database: DatabaseSync): KnownClient[] {
  return database.prepare(SELECT).all().map(clientOf);
}

/** A client; null if it is unknown. */
export function clientAt(database: DatabaseSync, address: string): KnownClient | null {
  const row = database.prepare(`${SELECT} WHERE address = ?`).get(address);
  return row === undefined ? null : clientOf(row);
}

/** When each client last synced, by address, in milliseconds since the epoch. */
export function lastSyncs(database: DatabaseSync): Map<string, number> {
  const rows = database.prepare(
    "SELECT address, max(synced_at) AS syncedAt FROM syncs GROUP BY address",
  ).all() as { address: string; syncedAt: number }[];
  return new Map(rows.map(({ address, syncedAt }) => [address, syncedAt]));
}

/** The databases that a client synced, by directory. */
export function syncsOf(database: DatabaseSync, address: string): ClientSync[] {
  return database.prepare(`
    SELECT directory, database_at AS databaseAt, synced_at AS syncedAt FROM syncs
    WHERE address = ? ORDER BY directory`).all(address) as unknown as ClientSync[];
}

/** Up to `limit` addresses seen since `seenSince` and not looked up in DNS since `askedSince`. */
export function unresolvedClients(
  database: DatabaseSync,
  { seenSince, askedSince, limit }: { seenSince: number; askedSince: number; limit: number },
): string[] {
  const rows = database.prepare(`
    SELECT address FROM clients
    WHERE last_seen >= ? AND (host_name_at IS NULL OR host_name_at < ?)
    ORDER BY host_name_at, last_seen DESC LIMIT ?`).all(seenSince, askedSince, limit);
  return (rows as { address: string }[]).map(({ address }) => address);
}

/** Records a client's host name from reverse DNS; null if it has none. */
export function setHostName(
  database: DatabaseSync,
  address: string,
  { hostName, at }: { hostName: string | null; at: number },
): void {
  database.prepare("UPDATE clients SET host_name = ?, host_name_at = ? WHERE address = ?")
    .run(hostName, at, address);
}

function clientOf(row: object): KnownClient {
  const { address, firstSeen, lastSeen, agent, hostName, ...tally } = row as
    & Omit<KnownClient, "tally">
    & Tally;
  return { address, firstSeen, lastSeen, agent, hostName, tally };
}
