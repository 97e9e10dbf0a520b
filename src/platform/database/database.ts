import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { dirname } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../observability/logging.ts";

const log = eventLogger("database");

/** The size of a page, which is SQLite's default. */
const PAGE_BYTES = 4096;
/**
 * When the journal is written back into the database: at half a MiB. Making room on the disk does
 * not consider it, and SQLite's default is 4 MB.
 */
const JOURNAL_PAGES = 128;

/** SQL that takes the schema from each version to the next; the first entry starts from nothing. */
export type Migrations = readonly string[];

/**
 * Messages of SQLite for a file that is not a database or damaged (SQLITE_NOTADB, SQLITE_CORRUPT).
 */
const DAMAGE = /file is not a database|database disk image is malformed/;

/**
 * SQLite's messages when the disk rejects writes (SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY,
 * SQLITE_CANTOPEN), or another process is writing (SQLITE_BUSY). Errors of `exec` have no code.
 */
const DISK_FAILURE =
  /database or disk is full|disk I\/O error|attempt to write a readonly database|unable to open database file|database is locked/;

/** Whether SQLite failed because the disk is full, read-only or broken. */
export function isDiskFailure(error: unknown): boolean {
  return DISK_FAILURE.test(reasonOf(error));
}

/** The file can be read, but the database in it cannot be used. */
export class UnusableDatabase extends Error {}

/** Whether SQLite failed because the file is not a database, or a damaged one. */
export function isDamage(error: unknown): boolean {
  return error instanceof UnusableDatabase || DAMAGE.test(reasonOf(error));
}

export interface OpenOptions {
  /**
   * Whether all of the database is read at once to find damage, which is the default. It holds up
   * everything else, for a second with a million rows; see `checkInSlices`.
   */
  readonly isChecked?: boolean;
}

/**
 * Opens a SQLite database and migrates it to the latest version. A database that is damaged or of
 * an unknown later version is renamed to `<path>.damaged` and replaced with an empty one, because the
 * daemon can do without its content. Throws `storage` if no database can be opened at `path`.
 */
export async function openDatabase(
  path: string,
  migrations: Migrations,
  options: OpenOptions = {},
): Promise<DatabaseSync> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    try {
      return openPatiently(path, migrations, options);
    } catch (error) {
      if (!isDamage(error)) throw error;
      await setAside(path, error);
      return openPatiently(path, migrations, options);
    }
  } catch (error) {
    throw new PkgstashError(
      "storage",
      `Cannot open the database ${path}: ${reasonOf(error)}. ` +
        "Check that this user may write there and that the disk is not full.",
      { cause: error },
    );
  }
}

/** Opens an empty database in memory. */
export function openInMemory(migrations: Migrations): DatabaseSync {
  return open(":memory:", migrations);
}

/** Renames the file of a database that cannot be used, and is not open, to `<path>.damaged`. */
export async function setAside(path: string, damage: unknown): Promise<void> {
  log.warn("cannot use the database, starting a new one", { path, reason: reasonOf(damage) });
  await Deno.rename(path, `${path}.damaged`);
  await removeJournal(path);
}

/**
 * Removes the journal of a database that is not open. SQLite leaves it behind if the file was removed
 * or replaced meanwhile, and would apply it to the next file of that name, which would damage it.
 */
export async function removeJournal(path: string): Promise<void> {
  for (const suffix of ["-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
}

/**
 * Closes a database, whose file may be gone, and returns one at `path` with the same content. If
 * the disk rejects it, the returned database is in memory, and there is no file at `path`.
 */
export function moveDatabase(
  database: DatabaseSync,
  path: string,
  migrations: Migrations,
): DatabaseSync {
  const contents = contentsOf(database);
  // Before the new one is opened: closing removes the WAL at the path, whichever database owns it.
  database.close();
  try {
    return filled(openPatiently(path, migrations), contents);
  } catch (error) {
    log.error("cannot open the database, keeping it in memory", { path, reason: reasonOf(error) });
    for (const suffix of ["", "-wal", "-shm"]) removeIfPossible(path + suffix);
    return filled(openInMemory(migrations), contents);
  }
}

type Row = Record<string, SQLOutputValue>;

/** All rows by table. The daemon's permissions do not allow VACUUM INTO. */
function contentsOf(database: DatabaseSync): Map<string, Row[]> {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return new Map(tables.map(({ name }) => [
    String(name),
    database.prepare(`SELECT * FROM "${name}"`).all(),
  ]));
}

function filled(database: DatabaseSync, contents: ReadonlyMap<string, Row[]>): DatabaseSync {
  try {
    inTransaction(database, () => {
      for (const [table, rows] of contents) {
        const columns = Object.keys(rows[0] ?? {});
        if (columns.length === 0) continue;
        const insert = database.prepare(
          `INSERT INTO "${table}" (${columns.map((name) => `"${name}"`).join(", ")})
          VALUES (${columns.map(() => "?").join(", ")})`,
        );
        for (const row of rows) insert.run(...columns.map((name) => row[name] ?? null));
      }
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // There is none, or the disk is broken.
  }
}

/** A full disk has no space for the memory that connections share; one alone can do without. */
function openPatiently(
  path: string,
  migrations: Migrations,
  options: OpenOptions = {},
): DatabaseSync {
  try {
    return open(path, migrations, options);
  } catch (error) {
    if (!isDiskFailure(error)) throw error;
    return open(path, migrations, { ...options, before: "PRAGMA locking_mode = EXCLUSIVE;" });
  }
}

function open(
  path: string,
  migrations: Migrations,
  { isChecked = true, before = "" }: OpenOptions & { before?: string } = {},
): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(before);
    // With NORMAL, a power failure may lose the last batch, but never the database
    // (sqlite.org/wal.html).
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${JOURNAL_PAGES};
      PRAGMA journal_size_limit = ${JOURNAL_PAGES * PAGE_BYTES};`,
    );
    if (isChecked) {
      const check = database.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
      if (check.quick_check !== "ok") throw new UnusableDatabase(check.quick_check);
    }
    const { user_version: version } = database.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (version > migrations.length) {
      throw new UnusableDatabase(
        `its version is ${version}, but this pkgstash supports only versions up to ` +
          `${migrations.length}`,
      );
    }
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue;
      inTransaction(database, () => {
        database.exec(migration);
        database.exec(`PRAGMA user_version = ${index + 1}`);
      });
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs `work` in a transaction, which is rolled back if it throws. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has already rolled back after some failures, such as a full disk.
    }
    throw error;
  }
}
