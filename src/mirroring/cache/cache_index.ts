import type { DatabaseSync } from "node:sqlite";
import { moveDatabase, openDatabase } from "../../platform/database/database.ts";
import { LateWrites } from "../../platform/database/late_writes.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { fileKey, keyOf, type PackageFile } from "../../repositories/repository.ts";
import { MIGRATIONS } from "./cache_index_schema.ts";
import { RemovalLog } from "./removal_log.ts";

const log = eventLogger("cache");

const FLUSH_INTERVAL_MS = 5_000;
/** How long a use waits for its file to be recorded, since a slow download records it late. */
const MAX_USE_WAIT_MS = 3_600_000;
/** A few days of fetched packages; a scan finds the files themselves again. */
const MAX_LATE_WRITES = 20_000;

/** A package file in the cache; times are in milliseconds since the epoch. */
export interface IndexedFile {
  directory: string;
  fileName: string;
  /** Bytes, excluding the signature. */
  size: number;
  /** Lower-case hexadecimal; null for a file found on disk that has not been read yet. */
  sha256: string | null;
  fetchedAt: number;
  /** When a client last took it, or, if none did, when it was fetched. */
  usedAt: number;
  /** How often clients have taken it. */
  uses: number;
}

/** What is known about the demand for a package of a repository, in any version. */
export interface PackageHistory {
  /** When a client last requested it; null if none ever did. */
  askedAt: number | null;
  /** How many versions have been prefetched in vain since a client last took one. */
  unusedPrefetches: number;
}

/** A package file as found on disk. */
export interface FileOnDisk {
  fileName: string;
  /** Bytes, excluding the signature. */
  size: number;
  /** When it was stored, according to the file system, in milliseconds since the epoch. */
  since: number;
}

/** Packages that the administrator pinned through the API. */
export interface IndexedPin {
  /** As in `pinned_packages`. */
  pattern: string;
  /** Milliseconds since the epoch. */
  since: number;
}

/** Is notified of changed records. */
export interface IndexListener {
  /** A file was recorded or forgotten, or its record was corrected. */
  readonly onFile: (directory: string, fileName: string) => void;
  /** Uses of a file were written. */
  readonly onUse: (directory: string, fileName: string) => void;
}

interface Wish {
  file_name: string;
  since: number;
}

const SELECT_FILES = `SELECT directory, file_name AS fileName, size, sha256,
  fetched_at AS fetchedAt, used_at AS usedAt, uses FROM files`;

/** Uses of a file by clients, not yet written to the database. */
interface Use {
  file: PackageFile;
  /** Time of the last one, in milliseconds since the epoch. */
  at: number;
  count: number;
}

/**
 * What is cached, since when, and when clients took it; what they will probably want; and pins.
 * Kept in SQLite, because not every file system records access times. A request only adds to a
 * batch in memory, which is written every few seconds. Anything that a full or read-only disk
 * rejects also waits there, so no request fails because of it. `reconcile` rebuilds a lost index
 * from the files; only pins and the history of demand are lost.
 */
export class CacheIndex implements Disposable {
  #database: DatabaseSync;
  readonly #writes: LateWrites;
  readonly #uses = new Map<string, Use>();
  readonly #timer: ReturnType<typeof setInterval>;
  #listener: IndexListener | null = null;
  /** What was removed, and why. */
  readonly removals: RemovalLog;

  /** `database` has the schema of `MIGRATIONS`, and is closed with the index. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#writes = new LateWrites(() => this.#database, {
      limit: MAX_LATE_WRITES,
      onProblem: (reason) =>
        log.error("cannot write the index, keeping its records in memory", { reason }),
      onRecovered: ({ written, lost }) =>
        log.info("writing the index works again", { written, lost }),
    });
    this.removals = new RemovalLog(() => this.#database, this.#writes);
    this.#timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS);
    Deno.unrefTimer(Number(this.#timer));
  }

  /** Opens the index at `path`; a damaged one is replaced by an empty one. */
  static async open(path: string): Promise<CacheIndex> {
    return new CacheIndex(await openDatabase(path, MIGRATIONS));
  }

  /** Continues in a new file at `path`, with the same content; the old file may be gone. */
  moveTo(path: string): void {
    this.#database = moveDatabase(this.#database, path, MIGRATIONS);
  }

  /** Sends further changes to `listener`, in place of the previous one; null for nobody. */
  listen(listener: IndexListener | null): void {
    this.#listener = listener;
  }

  /** Why the index cannot be written at present; null if it can. */
  get problem(): string | null {
    return this.#writes.problem;
  }

  /** Records that a client took a file, or will once it has been fetched. Writes nothing yet. */
  recordUse(file: PackageFile, at: number): void {
    if (file.kind === "package") this.#addUse({ file, at, count: 1 });
  }

  /**
   * Records a file stored in the cache; `prefetched` if no client had requested it. A file that a
   * client requested shows that its package is wanted, so earlier prefetches no longer count as
   * unused.
   */
  recordFetch(
    file: PackageFile,
    { size, sha256, at, prefetched }: {
      size: number;
      sha256: string;
      at: number;
      prefetched: boolean;
    },
  ): void {
    if (file.kind !== "package") return;
    const { repository: { directory }, fileName } = file;
    const name = nameOf(fileName);
    this.#writes.write((database) => {
      database.prepare(`
        INSERT INTO files (directory, file_name, size, sha256, fetched_at, used_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET size = excluded.size, sha256 = excluded.sha256,
          fetched_at = excluded.fetched_at, used_at = max(used_at, excluded.used_at)`)
        .run(directory, fileName, size, sha256, at, at);
      database.prepare("DELETE FROM wishes WHERE directory = ? AND file_name = ?")
        .run(directory, fileName);
      if (!prefetched) {
        database.prepare("DELETE FROM prefetches WHERE directory = ? AND name = ?")
          .run(directory, name);
        return;
      }
      database.prepare(`
        INSERT OR REPLACE INTO prefetches (directory, file_name, name, fetched_at)
        VALUES (?, ?, ?, ?)`)
        .run(directory, fileName, name, at);
    });
    this.#listener?.onFile(directory, fileName);
  }

  /**
   * Brings the records of a directory into line with the disk. Files `found` without a record, or
   * with another size, are recorded without a SHA-256; those new to the index count as used `at`,
   * for lack of better knowledge. Records of `lost` files are deleted, unless the file has been
   * fetched again since the record was read. If the disk rejects this, the next scan will find the
   * same.
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
    const isWritten = this.#writes.attempt((database) => {
      const record = database.prepare(`
        INSERT INTO files (directory, file_name, size, sha256, fetched_at, used_at)
        VALUES (?, ?, ?, NULL, ?, ?)
        ON CONFLICT DO UPDATE SET size = excluded.size, sha256 = NULL
          WHERE size <> excluded.size`);
      const want = database.prepare("INSERT OR IGNORE INTO packages VALUES (?, ?, ?)");
      for (const { fileName, size, since } of found) {
        record.run(directory, fileName, size, Math.min(since, at), at);
        want.run(directory, nameOf(fileName), at);
      }
      const drop = database.prepare(
        "DELETE FROM files WHERE directory = ? AND file_name = ? AND fetched_at = ?",
      );
      for (const { fileName, fetchedAt } of lost) drop.run(directory, fileName, fetchedAt);
    });
    if (!isWritten) return;
    for (const { fileName } of [...found, ...lost]) this.#listener?.onFile(directory, fileName);
  }

  /** Records the SHA-256 of a file found on disk. */
  recordDigest(directory: string, fileName: string, sha256: string): void {
    this.#writes.write((database) => {
      database.prepare("UPDATE files SET sha256 = ? WHERE directory = ? AND file_name = ?")
        .run(sha256, directory, fileName);
    });
  }

  /** Deletes the record of a removed file. */
  forgetFile(directory: string, fileName: string): void {
    this.#uses.delete(fileKey(directory, fileName));
    this.#writes.write((database) => {
      database.prepare("DELETE FROM files WHERE directory = ? AND file_name = ?")
        .run(directory, fileName);
    });
    this.#listener?.onFile(directory, fileName);
  }

  /** Up to `limit` records of a directory, from the first name after `fileName`. */
  filesAfter(directory: string, fileName: string, limit: number): IndexedFile[] {
    this.flush();
    return this.#database.prepare(`${SELECT_FILES}
      WHERE directory = ? AND file_name > ? ORDER BY file_name LIMIT ?`)
      .all(directory, fileName, limit) as unknown as IndexedFile[];
  }

  /** The record of a file; null if there is none. */
  file(directory: string, fileName: string): IndexedFile | null {
    this.flush();
    const file = this.#database.prepare(`${SELECT_FILES}
      WHERE directory = ? AND file_name = ?`).get(directory, fileName);
    return (file as unknown as IndexedFile | undefined) ?? null;
  }

  /** When a client last took a file, or when it was fetched; null if there is no record. */
  usedAt(directory: string, fileName: string): number | null {
    return this.file(directory, fileName)?.usedAt ?? null;
  }

  /** The recorded size of a file in bytes; null if there is no record. */
  sizeOf(directory: string, fileName: string): number | null {
    const file = this.#database.prepare(
      "SELECT size FROM files WHERE directory = ? AND file_name = ?",
    ).get(directory, fileName) as { size: number } | undefined;
    return file?.size ?? null;
  }

  /** The SHA-256 of a file; null if there is no record or the file has not been read yet. */
  digestOf(directory: string, fileName: string): string | null {
    const file = this.#database.prepare(
      "SELECT sha256 FROM files WHERE directory = ? AND file_name = ?",
    ).get(directory, fileName) as { sha256: string | null } | undefined;
    return file?.sha256 ?? null;
  }

  /** Number of recorded files. */
  count(): number {
    const row = this.#database.prepare("SELECT count(*) AS count FROM files").get();
    return (row as { count: number }).count;
  }

  /** The administrator's pins, by pattern. */
  pins(): IndexedPin[] {
    return this.#database.prepare("SELECT pattern, since FROM pins ORDER BY pattern")
      .all() as unknown as IndexedPin[];
  }

  /** Adds a pin; returns false if it already existed. Throws `storage`. */
  pin(pattern: string, at: number): boolean {
    return this.#changes(`pin ${pattern}`, "INSERT OR IGNORE INTO pins VALUES (?, ?)", pattern, at);
  }

  /** Removes a pin; returns false if it did not exist. Throws `storage`. */
  unpin(pattern: string): boolean {
    return this.#changes(`unpin ${pattern}`, "DELETE FROM pins WHERE pattern = ?", pattern);
  }

  /** The repository directories with recorded files. */
  directories(): string[] {
    const rows = this.#database.prepare("SELECT DISTINCT directory FROM files").all();
    return (rows as { directory: string }[]).map(({ directory }) => directory);
  }

  /** The demand for a package of a repository directory. */
  historyOf(directory: string, name: string): PackageHistory {
    this.flush();
    const asked = this.#database.prepare(
      "SELECT asked_at FROM packages WHERE directory = ? AND name = ?",
    ).get(directory, name) as { asked_at: number } | undefined;
    const unused = this.#database.prepare(`
      SELECT count(*) AS count FROM prefetches
      WHERE directory = ?1 AND name = ?2 AND taken = 0 AND fetched_at > coalesce(
        (SELECT max(fetched_at) FROM prefetches WHERE directory = ?1 AND name = ?2 AND taken = 1), -1)`)
      .get(directory, name) as { count: number };
    return { askedAt: asked?.asked_at ?? null, unusedPrefetches: unused.count };
  }

  /**
   * Replaces the wishes of a repository directory with `fileNames`, as planned `at` a time.
   * Existing wishes keep their time, and those added since the planning began stay. Returns all
   * wishes of the directory, with the time of each.
   */
  wish(directory: string, fileNames: readonly string[], at: number): Map<string, number> {
    const wanted = new Set(fileNames);
    const isStill = ({ file_name, since }: Wish) => wanted.has(file_name) || since >= at;
    this.#writes.write((database) => {
      const remove = database.prepare("DELETE FROM wishes WHERE directory = ? AND file_name = ?");
      for (const wish of this.#wishes(directory)) {
        if (!isStill(wish)) remove.run(directory, wish.file_name);
      }
      const insert = database.prepare("INSERT OR IGNORE INTO wishes VALUES (?, ?, ?)");
      for (const fileName of wanted) insert.run(directory, fileName, at);
    });
    const wishes = new Map(fileNames.map((fileName) => [fileName, at]));
    for (const wish of this.#wishes(directory)) {
      if (isStill(wish)) wishes.set(wish.file_name, wish.since);
    }
    return wishes;
  }

  /** Adds a wish to a repository directory. */
  alsoWish(directory: string, fileName: string, at: number): void {
    this.#writes.write((database) => {
      database.prepare("INSERT OR IGNORE INTO wishes VALUES (?, ?, ?)")
        .run(directory, fileName, at);
    });
  }

  /** The wished-for file names of a repository directory. */
  wishesOf(directory: string): string[] {
    return this.#wishes(directory).map(({ file_name }) => file_name);
  }

  /** Writes the uses recorded since the last batch. On failure, they join the next batch. */
  flush(): void {
    if (!this.#writes.flush() || this.#uses.size === 0) return;
    const batch = [...this.#uses.values()];
    this.#uses.clear();
    const tooEarly: Use[] = [];
    try {
      const isWritten = this.#writes.attempt((database) => {
        for (const use of batch) {
          if (!writeUse(database, use)) tooEarly.push(use);
        }
      });
      if (!isWritten) {
        for (const use of batch) this.#addUse(use);
        return;
      }
    } catch (error) {
      log.error("cannot record uses of packages", { reason: reasonOf(error) });
      for (const use of batch) this.#addUse(use);
      return;
    }
    for (const { file: { repository: { directory }, fileName } } of batch) {
      this.#listener?.onUse(directory, fileName);
    }
    const oldest = Date.now() - MAX_USE_WAIT_MS;
    for (const use of tooEarly) {
      if (use.at >= oldest) this.#addUse(use);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.flush();
    this.#database.close();
  }

  #addUse({ file, at, count }: Use): void {
    const key = keyOf(file);
    const earlier = this.#uses.get(key);
    this.#uses.set(key, {
      file,
      at: Math.max(at, earlier?.at ?? at),
      count: count + (earlier?.count ?? 0),
    });
  }

  /** Runs one statement for the administrator, who must learn of a failure. */
  #changes(what: string, sql: string, ...values: (string | number)[]): boolean {
    try {
      return Number(this.#database.prepare(sql).run(...values).changes) > 0;
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot ${what}: ${reasonOf(error)}. Check the disk of the cache.`,
        { cause: error },
      );
    }
  }

  #wishes(directory: string): Wish[] {
    return this.#database.prepare("SELECT file_name, since FROM wishes WHERE directory = ?")
      .all(directory) as unknown as Wish[];
  }
}

/**
 * Returns false if the file is not recorded yet: then only the demand for its package is written.
 */
function writeUse(
  database: DatabaseSync,
  { file: { repository: { directory }, fileName }, at, count }: Use,
): boolean {
  const { changes } = database.prepare(`
    UPDATE files SET used_at = max(used_at, ?), uses = uses + ?
    WHERE directory = ? AND file_name = ?`).run(at, count, directory, fileName);
  database.prepare(`
    INSERT INTO packages VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET asked_at = max(asked_at, excluded.asked_at)`)
    .run(directory, nameOf(fileName), at);
  if (Number(changes) === 0) return false;
  database.prepare("UPDATE prefetches SET taken = 1 WHERE directory = ? AND file_name = ?")
    .run(directory, fileName);
  // A prefetch that was taken ends the series of unused ones before it.
  database.prepare(`
    DELETE FROM prefetches WHERE directory = ?1 AND name = ?2 AND fetched_at <
      (SELECT fetched_at FROM prefetches WHERE directory = ?1 AND file_name = ?3 AND taken = 1)`)
    .run(directory, nameOf(fileName), fileName);
  return true;
}

function nameOf(fileName: string): string {
  return parsePackageFileName(fileName)?.name ?? fileName;
}
