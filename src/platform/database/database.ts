import { DatabaseSync } from "node:sqlite";
import { dirname } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../observability/logging.ts";

const log = eventLogger("database");

/** Statements that bring a database from each version to the next, the first from an empty one. */
export type Migrations = readonly string[];

/** What SQLite says of a file that it cannot make sense of (SQLITE_NOTADB, SQLITE_CORRUPT). */
const DAMAGE = /file is not a database|database disk image is malformed/;

/** The file is there and can be read, but is of no use. */
class UnusableDatabase extends Error {}

/**
 * Opens a SQLite database and brings it to the latest version. One that is damaged, or of a later
 * version than is known, is put aside as `<path>.damaged` and a new one begun: what is kept here
 * can be had again from the cache itself. Throws `storage` if there can be no database at `path`.
 */
export async function openDatabase(path: string, migrations: Migrations): Promise<DatabaseSync> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    try {
      return open(path, migrations);
    } catch (error) {
      if (!(error instanceof UnusableDatabase) && !DAMAGE.test(reasonOf(error))) throw error;
      log.warn("database put aside, a new one is begun", { path, reason: reasonOf(error) });
      await Deno.rename(path, `${path}.damaged`);
      for (const suffix of ["-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
      return open(path, migrations);
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

function open(path: string, migrations: Migrations): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // NORMAL may lose the last batch on a loss of power, never the database (sqlite.org/wal.html).
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    const check = database.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (check.quick_check !== "ok") throw new UnusableDatabase(check.quick_check);
    const { user_version: version } = database.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (version > migrations.length) {
      throw new UnusableDatabase(
        `it is of version ${version}, and this pkgstash knows ${migrations.length}`,
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

/** Does all of `work` or, when it throws, nothing of it. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // After some failures, a full disk for one, SQLite has rolled back already.
    }
    throw error;
  }
}
