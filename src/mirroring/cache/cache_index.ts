import type { DatabaseSync } from "node:sqlite";
import { inTransaction, openDatabase } from "../../platform/database/database.ts";
import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import type { PackageFile } from "../../repositories/repository.ts";

const log = eventLogger("cache");

/** Milliseconds between two batches. */
const BATCH_INTERVAL = 5_000;
/** How long a note about a file waits for the file to be recorded: a slow transfer's time, in ms. */
const LONGEST_WAIT = 3_600_000;

const MIGRATIONS = [
  `
  CREATE TABLE files (
    directory TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT,
    fetched_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (directory, file_name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE packages (
    directory TEXT NOT NULL,
    name TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (directory, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE prefetches (
    directory TEXT NOT NULL,
    file_name TEXT NOT NULL,
    name TEXT NOT NULL,
    fetched_at INTEGER NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (directory, file_name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX prefetches_by_name ON prefetches (directory, name, fetched_at);
  CREATE TABLE wishes (
    directory TEXT NOT NULL,
    file_name TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (directory, file_name)
  ) STRICT, WITHOUT ROWID;
`,
  `
  CREATE TABLE pins (
    pattern TEXT PRIMARY KEY,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`,
];

/** A package file in the cache; times are in milliseconds since the epoch. */
export interface IndexedFile {
  directory: string;
  fileName: string;
  /** Bytes, without the signature's. */
  size: number;
  /** As it was when fetched, lower-case hexadecimal; null when it was found on disk. */
  sha256: string | null;
  fetchedAt: number;
  /** When a client last took it, or when it was fetched. */
  usedAt: number;
  /** How often clients took it. */
  uses: number;
}

/** What clients wanted of one package of a repository, whatever its version. */
export interface PackageHistory {
  /** When a client last asked for any version of it; null if none ever did. */
  askedAt: number | null;
  /** How many of the versions prefetched last nobody has taken, up to the last that was. */
  unusedPrefetches: number;
}

/** A package file as it lies on disk. */
export interface FileOnDisk {
  fileName: string;
  /** Bytes, without the signature's. */
  size: number;
  /** When it came there as far as the file system knows, in milliseconds since the epoch. */
  since: number;
}

/** Packages that the administrator pinned while the daemon ran. */
export interface IndexedPin {
  /** As in pinned_packages. */
  pattern: string;
  /** Milliseconds since the epoch. */
  since: number;
}

/** Notes of clients that took a file, not yet written. */
interface Use {
  file: PackageFile;
  /** When the last of them did. */
  at: number;
  count: number;
}

/**
 * What is cached, since when, and who wanted it: in SQLite, because access times of the file
 * system are not kept everywhere. Requests only leave a note in memory, which is written with
 * others every few seconds. If it is lost, `reconcile` begins it anew from the files.
 */
export class CacheIndex implements Disposable {
  readonly #uses = new Map<string, Use>();
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(private readonly database: DatabaseSync) {
    this.#timer = setInterval(() => this.flush(), BATCH_INTERVAL);
    Deno.unrefTimer(Number(this.#timer));
  }

  static async open(path: string): Promise<CacheIndex> {
    return new CacheIndex(await openDatabase(path, MIGRATIONS));
  }

  /** Notes that a client took a file, or will once it is here. Cheap: nothing is written now. */
  used(file: PackageFile, at: number): void {
    if (file.kind === "package") this.#note({ file, at, count: 1 });
  }

  /**
   * Records a file that was put into the cache; `prefetched` if no client had asked for it. One
   * that a client asked for shows that its package is wanted again, whatever was prefetched before.
   */
  fetched(
    file: PackageFile,
    { size, sha256, at, prefetched }: {
      size: number;
      sha256: string;
      at: number;
      prefetched: boolean;
    },
  ): void {
    if (file.kind !== "package") return;
    const { directory } = file.repository;
    inTransaction(this.database, () => {
      this.database.prepare(`
        INSERT INTO files (directory, file_name, size, sha256, fetched_at, used_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET size = excluded.size, sha256 = excluded.sha256,
          fetched_at = excluded.fetched_at, used_at = max(used_at, excluded.used_at)`)
        .run(directory, file.fileName, size, sha256, at, at);
      this.database.prepare("DELETE FROM wishes WHERE directory = ? AND file_name = ?")
        .run(directory, file.fileName);
      const name = nameOf(file.fileName);
      if (!prefetched) {
        this.database.prepare("DELETE FROM prefetches WHERE directory = ? AND name = ?")
          .run(directory, name);
        return;
      }
      this.database.prepare(`
        INSERT OR REPLACE INTO prefetches (directory, file_name, name, fetched_at)
        VALUES (?, ?, ?, ?)`)
        .run(directory, file.fileName, name, at);
    });
  }

  /** Records a file that was found in the cache without a record; it counts as used `at`. */
  found(directory: string, fileName: string, size: number, at: number): void {
    this.reconcile(directory, { found: [{ fileName, size, since: at }], lost: [] }, at);
  }

  /**
   * Brings the records of a directory into line with the disk. Files `found` without a record, or
   * with that of another size, are recorded without a SHA-256, those new to the index as used `at`,
   * for lack of better knowledge. Records of files that are `lost` are dropped, unless the file has
   * been fetched again since the record was read.
   */
  reconcile(
    directory: string,
    { found, lost }: {
      found: readonly FileOnDisk[];
      lost: readonly Pick<IndexedFile, "fileName" | "fetchedAt">[];
    },
    at: number,
  ): void {
    if (found.length === 0 && lost.length === 0) return;
    inTransaction(this.database, () => {
      const record = this.database.prepare(`
        INSERT INTO files (directory, file_name, size, sha256, fetched_at, used_at)
        VALUES (?, ?, ?, NULL, ?, ?)
        ON CONFLICT DO UPDATE SET size = excluded.size, sha256 = NULL
          WHERE size <> excluded.size`);
      const want = this.database.prepare("INSERT OR IGNORE INTO packages VALUES (?, ?, ?)");
      for (const { fileName, size, since } of found) {
        record.run(directory, fileName, size, Math.min(since, at), at);
        want.run(directory, nameOf(fileName), at);
      }
      const drop = this.database.prepare(
        "DELETE FROM files WHERE directory = ? AND file_name = ? AND fetched_at = ?",
      );
      for (const { fileName, fetchedAt } of lost) drop.run(directory, fileName, fetchedAt);
    });
  }

  /** Sets what a file's bytes come to, once they have been read. */
  identified(directory: string, fileName: string, sha256: string): void {
    this.database.prepare("UPDATE files SET sha256 = ? WHERE directory = ? AND file_name = ?")
      .run(sha256, directory, fileName);
  }

  removed(directory: string, fileName: string): void {
    this.#uses.delete(`${directory}/${fileName}`);
    this.database.prepare("DELETE FROM files WHERE directory = ? AND file_name = ?")
      .run(directory, fileName);
  }

  /** Every recorded file, of one repository directory if given. */
  files(directory: string | null = null): IndexedFile[] {
    this.flush();
    return this.database.prepare(`
      SELECT directory, file_name AS fileName, size, sha256, fetched_at AS fetchedAt,
        used_at AS usedAt, uses
      FROM files WHERE ?1 IS NULL OR directory = ?1`).all(directory) as unknown as IndexedFile[];
  }

  /** When a client last took a file, or when it was fetched; null if there is no record of it. */
  usedAt(directory: string, fileName: string): number | null {
    this.flush();
    const file = this.database.prepare(
      "SELECT used_at FROM files WHERE directory = ? AND file_name = ?",
    ).get(directory, fileName) as { used_at: number } | undefined;
    return file?.used_at ?? null;
  }

  /** How many files are recorded. */
  count(): number {
    const { count } = this.database.prepare("SELECT count(*) AS count FROM files").get() as {
      count: number;
    };
    return count;
  }

  /** The administrator's pins, by pattern. */
  pins(): IndexedPin[] {
    return this.database.prepare("SELECT pattern, since FROM pins ORDER BY pattern")
      .all() as unknown as IndexedPin[];
  }

  /** Adds a pin; false if it was there already. */
  pin(pattern: string, at: number): boolean {
    const { changes } = this.database.prepare("INSERT OR IGNORE INTO pins VALUES (?, ?)")
      .run(pattern, at);
    return Number(changes) > 0;
  }

  /** Takes a pin away; false if there was none. */
  unpin(pattern: string): boolean {
    const { changes } = this.database.prepare("DELETE FROM pins WHERE pattern = ?").run(pattern);
    return Number(changes) > 0;
  }

  /** The directories that files are recorded in. */
  directories(): string[] {
    const rows = this.database.prepare("SELECT DISTINCT directory FROM files").all();
    return (rows as { directory: string }[]).map(({ directory }) => directory);
  }

  historyOf(directory: string, name: string): PackageHistory {
    this.flush();
    const asked = this.database.prepare(
      "SELECT asked_at FROM packages WHERE directory = ? AND name = ?",
    ).get(directory, name) as { asked_at: number } | undefined;
    const unused = this.database.prepare(`
      SELECT count(*) AS count FROM prefetches
      WHERE directory = ?1 AND name = ?2 AND taken = 0 AND fetched_at > coalesce(
        (SELECT max(fetched_at) FROM prefetches WHERE directory = ?1 AND name = ?2 AND taken = 1), -1)`)
      .get(directory, name) as { count: number };
    return { askedAt: asked?.asked_at ?? null, unusedPrefetches: unused.count };
  }

  /**
   * Records the file names wanted from a repository as planned `at` a time, keeps the time of those
   * wanted before, and forgets the rest, but not what came to be wanted after the planning began;
   * gives all of the repository's, with the time since which each is wanted.
   */
  wish(directory: string, fileNames: readonly string[], at: number): Map<string, number> {
    const wanted = new Set(fileNames);
    inTransaction(this.database, () => {
      for (const { file_name, since } of this.#wishes(directory)) {
        if (wanted.has(file_name) || since >= at) continue;
        this.database.prepare("DELETE FROM wishes WHERE directory = ? AND file_name = ?")
          .run(directory, file_name);
      }
      const insert = this.database.prepare("INSERT OR IGNORE INTO wishes VALUES (?, ?, ?)");
      for (const fileName of wanted) insert.run(directory, fileName, at);
    });
    return new Map(this.#wishes(directory).map(({ file_name, since }) => [file_name, since]));
  }

  /** Adds a file to those that are wanted from a repository. */
  alsoWish(directory: string, fileName: string, at: number): void {
    this.database.prepare("INSERT OR IGNORE INTO wishes VALUES (?, ?, ?)")
      .run(directory, fileName, at);
  }

  /** The file names that are wanted from a repository. */
  wishesOf(directory: string): string[] {
    return this.#wishes(directory).map(({ file_name }) => file_name);
  }

  /** Writes what was noted since the last batch. What could not be written is tried again. */
  flush(): void {
    if (this.#uses.size === 0) return;
    const batch = [...this.#uses.values()];
    this.#uses.clear();
    const early: Use[] = [];
    try {
      inTransaction(this.database, () => {
        for (const use of batch) {
          if (!this.#writeUse(use)) early.push(use);
        }
      });
    } catch (error) {
      log.error("uses of packages not recorded", { reason: reasonOf(error) });
      for (const use of batch) this.#note(use);
      return;
    }
    const oldest = Date.now() - LONGEST_WAIT;
    for (const use of early) {
      if (use.at >= oldest) this.#note(use);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.flush();
    this.database.close();
  }

  #note({ file, at, count }: Use): void {
    const key = `${file.repository.directory}/${file.fileName}`;
    const noted = this.#uses.get(key);
    this.#uses.set(key, {
      file,
      at: Math.max(at, noted?.at ?? at),
      count: count + (noted?.count ?? 0),
    });
  }

  /** False if the file has no record yet: then only the wish for its package is written. */
  #writeUse({ file: { repository: { directory }, fileName }, at, count }: Use): boolean {
    const { changes } = this.database.prepare(`
      UPDATE files SET used_at = max(used_at, ?), uses = uses + ?
      WHERE directory = ? AND file_name = ?`).run(at, count, directory, fileName);
    this.database.prepare(`
      INSERT INTO packages VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET asked_at = max(asked_at, excluded.asked_at)`)
      .run(directory, nameOf(fileName), at);
    if (Number(changes) === 0) return false;
    this.database.prepare("UPDATE prefetches SET taken = 1 WHERE directory = ? AND file_name = ?")
      .run(directory, fileName);
    // Those before one that was taken count no longer.
    this.database.prepare(`
      DELETE FROM prefetches WHERE directory = ?1 AND name = ?2 AND fetched_at <
        (SELECT fetched_at FROM prefetches WHERE directory = ?1 AND file_name = ?3 AND taken = 1)`)
      .run(directory, nameOf(fileName), fileName);
    return true;
  }

  #wishes(directory: string): { file_name: string; since: number }[] {
    return this.database.prepare("SELECT file_name, since FROM wishes WHERE directory = ?")
      .all(directory) as { file_name: string; since: number }[];
  }
}

function nameOf(fileName: string): string {
  return parsePackageFileName(fileName)?.name ?? fileName;
}
