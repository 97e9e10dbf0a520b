import { DatabaseSync } from "node:sqlite";
import { dirname } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../observability/logging.ts";

const log = eventLogger("database");

/** SQL that takes the schema from each version to the next; the first entry starts from nothing. */
export type Migrations = readonly string[];

/**
 * Messages of SQLite for a file that is not a database or damaged (SQLITE_NOTADB, SQLITE_CORRUPT).
 */
const DAMAGE = /file is not a database|database disk image is malformed/;

/** The file can be read, but the database in it cannot be used. */
class UnusableDatabase extends Error {}

/**
 * Opens a SQLite database and migrates it to the latest version. A database that is damaged or of
 * an unknown later version is renamed to `<path>.damaged` and replaced by an empty one, because its
 * content can be recovered from the cache. Throws `storage` if no database can be opened at `path`.
 */
export async function openDatabase(path: string, migrations: Migrations): Promise<DatabaseSync> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    try {
      return open(path, migrations);
    } catch (error) {
      if (!(error instanceof UnusableDatabase) && !DAMAGE.test(reasonOf(error))) throw error;
      log.warn("cannot use the database, starting a new one", { path, reason: reasonOf(error) });
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
    // With NORMAL a power failure may lose the last batch, but never the database
    // (sqlite.org/wal.html).
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    const check = database.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (check.quick_check !== "ok") throw new UnusableDatabase(check.quick_check);
    const { user_version: version } = database.prepare("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (version > migrations.length) {
      throw new UnusableDatabase(
        `its version is ${version}, and this pkgstash knows versions up to ${migrations.length}`,
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
