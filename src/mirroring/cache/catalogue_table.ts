import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { inTransaction } from "../../platform/database/database.ts";

/** A cached package as listed. Times are in milliseconds since the epoch. */
export interface CatalogueRow {
  /** Path below the cache's root: `directory/fileName`. */
  readonly path: string;
  readonly directory: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  /** Total size of the package and its signature. */
  readonly bytes: number;
  readonly signed: boolean;
  readonly fetchedAt: number;
  readonly usedAt: number;
  readonly uses: number;
  readonly pinned: boolean;
  readonly current: boolean | null;
}

/** Why cleanup keeps a package; `unknown` if its database is unknown, so it may be current. */
export type KeptBecause = "current" | "unknown" | "pinned" | "version" | "in_flight";

/** The sort keys. */
export type SortKey = "path" | "name" | "size" | "used_at" | "fetched_at" | "uses";

/** Which packages to list, in which order. */
export interface CatalogueQuery {
  /** Words that the path must contain, ignoring case. */
  readonly words: readonly string[];
  /** Null for all. */
  readonly directories: readonly string[] | null;
  /** Only packages of this name; null for all. */
  readonly name: string | null;
  /** Only these paths; null for all. */
  readonly paths: readonly string[] | null;
  /** Only packages kept for this reason, or for none; null for all. */
  readonly kept: KeptBecause | "nothing" | null;
  readonly sort: SortKey;
  readonly isDescending: boolean;
}

/** What the reasons to keep a package depend on besides its row. */
export interface KeepingRules {
  readonly keepVersions: number;
  /** Paths below the cache's root that are being downloaded. */
  readonly inFlight: readonly string[];
}

export interface Totals {
  readonly packages: number;
  readonly bytes: number;
}

const MAX_TOTALS = 64;

const SCHEMA = `
  CREATE TABLE packages (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    directory TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    signed INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    current INTEGER,
    newer INTEGER
  ) STRICT;
  CREATE INDEX by_name ON packages (name);
  CREATE INDEX by_bytes ON packages (bytes);
  CREATE INDEX by_fetched_at ON packages (fetched_at);
  CREATE INDEX by_used_at ON packages (used_at);
  CREATE INDEX by_uses ON packages (uses);
`;

const COLUMNS: Readonly<Record<SortKey, string>> = {
  path: "path",
  name: "name",
  size: "bytes",
  used_at: "used_at",
  fetched_at: "fetched_at",
  uses: "uses",
};

/** SQL conditions; `?` stands for values from `KeepingRules`. */
const IS_IN_FLIGHT = "path IN (SELECT value FROM json_each(?))";
const IS_KEPT_VERSION = "coalesce(newer < ?, 0)";

interface StoredRow {
  readonly path: string;
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly signed: number;
  readonly fetchedAt: number;
  readonly usedAt: number;
  readonly uses: number;
  readonly pinned: number;
  readonly current: number | null;
  readonly newer: number | null;
}

const SELECT_ROWS = `SELECT path, directory, name, version, bytes, signed,
  fetched_at AS fetchedAt, used_at AS usedAt, uses, pinned, current, newer FROM packages`;

/**
 * A table of the cached packages in memory: SQLite sorts and searches very many of them in a few
 * milliseconds, without an object for each.
 */
export class CatalogueTable implements Disposable {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  /** By condition; counting takes longer than finding a page. Valid until a change. */
  readonly #totals = new Map<string, Totals>();

  constructor() {
    this.#database.exec(SCHEMA);
  }

  /** Runs `work` in one transaction, which is faster. */
  change(work: () => void): void {
    inTransaction(this.#database, work);
  }

  put(row: CatalogueRow): void {
    this.#change(`
      INSERT INTO packages (path, directory, name, version, bytes, signed, fetched_at, used_at, uses,
        pinned, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, signed = excluded.signed,
        fetched_at = excluded.fetched_at, used_at = excluded.used_at, uses = excluded.uses,
        pinned = excluded.pinned, current = excluded.current`)
      .run(
        row.path,
        row.directory,
        row.name,
        row.version,
        row.bytes,
        Number(row.signed),
        row.fetchedAt,
        row.usedAt,
        row.uses,
        Number(row.pinned),
        fromFlag(row.current),
      );
  }

  remove(path: string): void {
    this.#change("DELETE FROM packages WHERE path = ?").run(path);
  }

  setUse(path: string, { usedAt, uses }: Pick<CatalogueRow, "usedAt" | "uses">): void {
    this.#change("UPDATE packages SET used_at = ?, uses = ? WHERE path = ?")
      .run(usedAt, uses, path);
  }

  setProtection(path: string, { pinned, current }: Pick<CatalogueRow, "pinned" | "current">): void {
    this.#change("UPDATE packages SET pinned = ?, current = ? WHERE path = ?")
      .run(Number(pinned), fromFlag(current), path);
  }

  /** Records how many newer unlisted versions there are; null if a database lists this one. */
  setNewer(path: string, newer: number | null): void {
    this.#change("UPDATE packages SET newer = ? WHERE path = ?").run(newer, path);
  }

  /** The versions of one package in one directory. */
  versionsOf(directory: string, name: string): CatalogueRow[] {
    const rows = this.#prepare(`${SELECT_ROWS} WHERE name = ? AND directory = ?`)
      .all(name, directory) as unknown as StoredRow[];
    return rows.map(rowOf);
  }

  /** Up to `limit` packages after `path`, by path. */
  after(path: string, limit: number): CatalogueRow[] {
    const rows = this.#prepare(`${SELECT_ROWS} WHERE path > ? ORDER BY path LIMIT ?`)
      .all(path, limit) as unknown as StoredRow[];
    return rows.map(rowOf);
  }

  /** Up to `limit` names of packages after `name`. */
  namesAfter(name: string, limit: number): string[] {
    const rows = this.#prepare(
      "SELECT DISTINCT name FROM packages WHERE name > ? ORDER BY name LIMIT ?",
    ).all(name, limit);
    return (rows as { name: string }[]).map(({ name }) => name);
  }

  page(
    query: CatalogueQuery,
    { limit, offset, rules }: { limit: number; offset: number; rules: KeepingRules },
  ): { row: CatalogueRow; keptBecause: KeptBecause[] }[] {
    const { where, values } = conditionOf(query, rules);
    const column = COLUMNS[query.sort];
    const direction = query.isDescending ? "DESC" : "ASC";
    const order = column === "path"
      ? `path ${direction}`
      : `${column} ${direction}, id ${direction}`;
    const rows = this.#prepare(
      `${SELECT_ROWS} WHERE ${where} ORDER BY ${order} LIMIT ? OFFSET ?`,
    ).all(...values, limit, offset) as unknown as StoredRow[];
    const inFlight = new Set(rules.inFlight);
    return rows.map((stored) => ({
      row: rowOf(stored),
      keptBecause: reasonsOf(stored, { keepVersions: rules.keepVersions, inFlight }),
    }));
  }

  totals(query: CatalogueQuery, rules: KeepingRules): Totals {
    const { where, values } = conditionOf(query, rules);
    const key = JSON.stringify([where, values]);
    const known = this.#totals.get(key);
    if (known !== undefined) return known;
    const totals = this.#prepare(
      `SELECT count(*) AS packages, coalesce(sum(bytes), 0) AS bytes FROM packages WHERE ${where}`,
    ).get(...values) as unknown as Totals;
    if (this.#totals.size >= MAX_TOTALS) this.#totals.clear();
    this.#totals.set(key, totals);
    return totals;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #change(sql: string): StatementSync {
    this.#totals.clear();
    return this.#prepare(sql);
  }

  /**
   * There are few distinct statements, and preparing one takes longer than running most of them.
   */
  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function conditionOf(
  { words, directories, name, paths, kept }: CatalogueQuery,
  rules: KeepingRules,
): { where: string; values: SQLInputValue[] } {
  const conditions = ["TRUE"];
  const values: SQLInputValue[] = [];
  const add = (condition: string, ...more: SQLInputValue[]) => {
    conditions.push(condition);
    values.push(...more);
  };
  for (const word of words) {
    add("path LIKE ? ESCAPE '\\'", `%${word.replace(/[\\%_]/g, "\\$&")}%`);
  }
  if (directories !== null) {
    add("directory IN (SELECT value FROM json_each(?))", JSON.stringify(directories));
  }
  if (name !== null) add("name = ?", name);
  if (paths !== null) add("path IN (SELECT value FROM json_each(?))", JSON.stringify(paths));
  const inFlight = JSON.stringify(rules.inFlight);
  const keepVersions = rules.keepVersions;
  if (kept === "current") add("current = 1");
  if (kept === "unknown") add("current IS NULL");
  if (kept === "pinned") add("pinned = 1");
  if (kept === "version") add(IS_KEPT_VERSION, keepVersions);
  if (kept === "in_flight") add(IS_IN_FLIGHT, inFlight);
  if (kept === "nothing") {
    add(`current = 0 AND pinned = 0 AND NOT ${IS_KEPT_VERSION}`, keepVersions);
    add(`NOT ${IS_IN_FLIGHT}`, inFlight);
  }
  return { where: conditions.join(" AND "), values };
}

function reasonsOf(
  { path, current, pinned, newer }: StoredRow,
  { keepVersions, inFlight }: { keepVersions: number; inFlight: ReadonlySet<string> },
): KeptBecause[] {
  return [
    ...(current === 1 ? ["current" as const] : []),
    ...(current === null ? ["unknown" as const] : []),
    ...(pinned === 1 ? ["pinned" as const] : []),
    ...(newer !== null && newer < keepVersions ? ["version" as const] : []),
    ...(inFlight.has(path) ? ["in_flight" as const] : []),
  ];
}

function rowOf({ signed, pinned, current, newer: _, ...row }: StoredRow): CatalogueRow {
  return {
    ...row,
    fileName: row.path.slice(row.directory.length + 1),
    signed: signed === 1,
    pinned: pinned === 1,
    current: current === null ? null : current === 1,
  };
}

function fromFlag(flag: boolean | null): number | null {
  return flag === null ? null : Number(flag);
}
