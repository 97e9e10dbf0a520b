import type { DatabaseSync } from "node:sqlite";
import type { LateWrites } from "../../platform/database/late_writes.ts";

/** More than a year of refreshes every eighteen hours that each removed something. */
const MAX_CLEANUPS = 500;
const MAX_REMOVALS = 20_000;
/** Rows to write at once. */
export const REMOVALS_AT_A_TIME = 500;

/** A removed file. */
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
  /** Ascending. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The number of the cleanup; null outside a cleanup. */
  readonly cleanup: number | null;
}

/** What made a cleanup run. */
export type CleanupCause = "requested" | "refresh" | "prefetch" | "room";

export interface NewCleanup {
  /** Start time, in milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly cause: CleanupCause;
  readonly removed: readonly { reason: string; files: number; bytes: number }[];
  /** Number of files that could not be removed. */
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly { path: string; why: string }[];
  readonly skipped: number;
  readonly unmet: string | null;
}

export interface RecordedCleanup extends NewCleanup {
  /** Ascending. */
  readonly number: number;
}

/** What was removed from the cache, and by which cleanup. Bounded in size. */
export class RemovalLog {
  readonly #database: () => DatabaseSync;
  readonly #writes: LateWrites;
  #listener: ((cleanup: RecordedCleanup) => void) | null = null;

  /** `database` is called on each use, since it may be reopened. */
  constructor(database: () => DatabaseSync, writes: LateWrites) {
    this.#database = database;
    this.#writes = writes;
  }

  /** Sends each further cleanup that did or could not do something to `listener`. */
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

  /** Records files removed `at` a time, by a cleanup or outside of one. */
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

  /** Records a cleanup. Of several idle ones in a row, only the last is kept. */
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

  /** The latest cleanups with numbers below `before`, latest first. */
  cleanups({ before = Infinity, limit }: { before?: number; limit: number }): RecordedCleanup[] {
    return cleanupsBefore(this.#database(), { before, limit });
  }

  /**
   * The latest removals with numbers below `before`, latest first: of files whose paths contain all
   * words, ignoring case, or of one cleanup.
   */
  removals({ words, cleanup, before = Infinity, limit }: {
    words: readonly string[];
    /** Null for removals inside and outside of cleanups. */
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

/** SQLite integers have no infinity. */
function lastOf(before: number): number {
  return Math.min(before, Number.MAX_SAFE_INTEGER);
}
