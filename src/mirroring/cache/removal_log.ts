import type { DatabaseSync } from "node:sqlite";
import type { LateWrites } from "../../platform/database/late_writes.ts";

/** More than a year of refreshes that removed something, every eighteen hours. */
const MAX_CLEANUPS = 500;
const MAX_REMOVALS = 20_000;
/** Rows that are written together. */
export const REMOVALS_AT_A_TIME = 500;

/** A file that was removed. */
export interface NewRemoval {
  /** Path below the cache's root. */
  readonly path: string;
  readonly bytes: number;
  /** For programs. */
  readonly reason: string;
  /** In words. */
  readonly why: string;
}

export interface RecordedRemoval extends NewRemoval {
  /** Counts upwards. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The number of the cleanup; null for one that was no part of any. */
  readonly cleanup: number | null;
}

/** What made a cleanup run. */
export type CleanupCause = "requested" | "refresh" | "prefetch" | "room";

export interface NewCleanup {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly cause: CleanupCause;
  readonly removed: readonly { reason: string; files: number; bytes: number }[];
  /** How many files could not be removed. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly { path: string; why: string }[];
  readonly skipped: number;
  readonly unmet: string | null;
}

export interface RecordedCleanup extends NewCleanup {
  /** Counts upwards. */
  readonly number: number;
}

/** What was removed from the cache, and by which cleanup. It is kept within bounds. */
export class RemovalLog {
  readonly #database: () => DatabaseSync;
  readonly #writes: LateWrites;
  #listener: ((cleanup: RecordedCleanup) => void) | null = null;

  /** `database` is called at each use, since it may be opened again. */
  constructor(database: () => DatabaseSync, writes: LateWrites) {
    this.#database = database;
    this.#writes = writes;
  }

  /** Tells `listener` of each cleanup from now on that did something, or could not. */
  listen(listener: (cleanup: RecordedCleanup) => void): void {
    this.#listener = listener;
  }

  /** The number of the next cleanup. */
  nextCleanup(): number {
    const { last } = this.#database().prepare(`
      SELECT max(coalesce((SELECT max(number) FROM cleanups), 0),
        coalesce((SELECT max(cleanup) FROM removals), 0)) AS last`).get() as { last: number };
    return last + 1;
  }

  /** Records files that were removed `at` a time, by a cleanup or by none. */
  recordRemovals(removals: readonly NewRemoval[], at: number, cleanup: number | null = null): void {
    if (removals.length === 0) return;
    this.#writes.write((database) => {
      const insert = database.prepare(
        "INSERT INTO removals (at, cleanup, path, bytes, reason, why) VALUES (?, ?, ?, ?, ?, ?)",
      );
      for (const { path, bytes, reason, why } of removals) {
        insert.run(at, cleanup, path, bytes, reason, why);
      }
      database.prepare(
        "DELETE FROM removals WHERE number <= (SELECT max(number) FROM removals) - ?",
      )
        .run(MAX_REMOVALS);
    });
  }

  /** Records a cleanup. Of several in a row that did nothing, the last one is kept. */
  recordCleanup(number: number, cleanup: NewCleanup): void {
    if (!isIdle(cleanup)) this.#listener?.({ number, ...cleanup });
    this.#writes.write((database) => {
      if (isIdle(cleanup)) {
        const [before] = cleanupsBefore(database, { before: Infinity, limit: 1 });
        if (before !== undefined && isIdle(before) && before.cause === cleanup.cause) {
          database.prepare("DELETE FROM cleanups WHERE number = ?").run(before.number);
        }
      }
      const { at, durationMs, cause, removed, failed, failures, skipped, unmet } = cleanup;
      database.prepare("INSERT OR REPLACE INTO cleanups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
        number,
        at,
        durationMs,
        cause,
        JSON.stringify(removed),
        failed,
        JSON.stringify(failures),
        skipped,
        unmet,
      );
      database.prepare("DELETE FROM cleanups WHERE number <= ?").run(number - MAX_CLEANUPS);
    });
  }

  /** The latest cleanups with lower numbers than `before`, the latest first. */
  cleanups({ before = Infinity, limit }: { before?: number; limit: number }): RecordedCleanup[] {
    return cleanupsBefore(this.#database(), { before, limit });
  }

  /**
   * The latest removals with lower numbers than `before`, the latest first: of files whose paths have
   * all of the words, in any case, or of one cleanup.
   */
  removals({ words, cleanup, before = Infinity, limit }: {
    words: readonly string[];
    /** Null for all, and for none. */
    cleanup: number | null;
    before?: number;
    limit: number;
  }): RecordedRemoval[] {
    const conditions = words.map(() => "path LIKE ? ESCAPE '\\'");
    const values: (string | number)[] = words.map((word) => `%${word.replace(/[\\%_]/g, "\\$&")}%`);
    if (cleanup !== null) {
      conditions.push("cleanup = ?");
      values.push(cleanup);
    }
    return this.#database().prepare(`SELECT * FROM removals
      WHERE ${["number < ?", ...conditions].join(" AND ")} ORDER BY number DESC LIMIT ?`)
      .all(lastOf(before), ...values, limit) as unknown as RecordedRemoval[];
  }
}

function isIdle({ removed, failed, unmet }: NewCleanup): boolean {
  return removed.length === 0 && failed === 0 && unmet === null;
}

function cleanupsBefore(
  database: DatabaseSync,
  { before, limit }: { before: number; limit: number },
): RecordedCleanup[] {
  const rows = database.prepare(`
    SELECT number, at, duration_ms AS durationMs, cause, removed, failed, failures, skipped, unmet
    FROM cleanups WHERE number < ? ORDER BY number DESC LIMIT ?`).all(lastOf(before), limit);
  return (rows as unknown as (RecordedCleanup & { removed: string; failures: string })[]).map(
    (row) => ({ ...row, removed: JSON.parse(row.removed), failures: JSON.parse(row.failures) }),
  );
}

/** SQLite has no infinity among its whole numbers. */
function lastOf(before: number): number {
  return Math.min(before, Number.MAX_SAFE_INTEGER);
}
