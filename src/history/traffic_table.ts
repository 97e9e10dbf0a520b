import type { DatabaseSync } from "node:sqlite";
import type { Write } from "../platform/database/late_writes.ts";
import { addTally, emptyTally, ranked, type Tally, TALLY_COLUMNS, TALLY_KEYS } from "./tally.ts";
import { OTHERS } from "./unwritten_traffic.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** A period length. Rows older than `keptForS` are merged into the next longer one. */
interface Resolution {
  readonly lengthS: number;
  readonly keptForS: number;
  /** Names per subject and period; further ones are counted as `OTHERS`. */
  readonly maxNames: number;
}

/** Minutes for a day, hours for a month, days from then on. */
const RESOLUTIONS: readonly [Resolution, Resolution, Resolution] = [
  { lengthS: MINUTE_S, keptForS: DAY_S, maxNames: 100 },
  { lengthS: HOUR_S, keptForS: 31 * DAY_S, maxNames: 200 },
  { lengthS: DAY_S, keptForS: Infinity, maxNames: 300 },
];

/**
 * Most days to keep. Days are counted, not compared with the clock, so that a wrong clock removes
 * nothing.
 */
export const MAX_DAYS = 1_100;
/**
 * Periods to merge at once, so that a clock that jumps ahead does not keep the disk busy for long.
 */
const MAX_PERIODS_AT_ONCE = 30;
/** Names to merge per transaction. Each has up to 60 rows, so it takes a few milliseconds. */
const NAMES_PER_WRITE = 20;

export type Subject = "all" | "client" | "repository";

/** Counts of one period. */
export interface Period {
  /** Seconds since the epoch. */
  readonly startS: number;
  readonly tally: Tally;
}

const COLUMNS = TALLY_KEYS.map((key) => TALLY_COLUMNS[key]);
const ADD = `
  INSERT INTO traffic (subject, name, start_s, length_s, ${COLUMNS.join(", ")})
  VALUES (?, ?, ?, ?, ${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT DO UPDATE SET ${
  COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")
}`;
const SUMS = TALLY_KEYS.map((key) => `sum(${TALLY_COLUMNS[key]}) AS "${key}"`).join(", ");

/** Adds counts by name to the minute of `at`, which is in milliseconds since the epoch. */
export function addToMinute(
  database: DatabaseSync,
  at: number,
  subject: Subject,
  tallies: ReadonlyMap<string, Tally>,
): void {
  const startS = periodOf(at / 1000, MINUTE_S);
  add(database, { subject, startS, resolution: RESOLUTIONS[0] }, tallies);
}

/**
 * Yields small writes, each complete in itself, that merge minutes older than a day into hours and
 * hours older than a month into days, and remove days beyond `MAX_DAYS`. Merging preserves the
 * sums. Run each write before asking for the next. `now` is in milliseconds since the epoch.
 */
export function* thinning(database: DatabaseSync, now: number): Generator<Write> {
  for (const [index, shorter] of RESOLUTIONS.entries()) {
    const longer = RESOLUTIONS[index + 1];
    if (longer === undefined) break;
    const until = periodOf(now / 1000 - shorter.keptForS, longer.lengthS);
    const periods = database.prepare(`
      SELECT DISTINCT ${beginning(longer.lengthS)} AS startS FROM traffic
      WHERE length_s = ? AND start_s < ? ORDER BY startS LIMIT ?`)
      .all(shorter.lengthS, until, MAX_PERIODS_AT_ONCE);
    for (const { startS } of periods as { startS: number }[]) {
      yield* lengthening(database, startS, { shorter, longer });
    }
  }
  yield* removingDays(database);
}

/** Merges short periods into the longer one at `startS`, a few names at a time. */
function* lengthening(
  database: DatabaseSync,
  startS: number,
  { shorter, longer }: { shorter: Resolution; longer: Resolution },
): Generator<Write> {
  const within = [shorter.lengthS, startS, startS + longer.lengthS];
  const rows = database.prepare(`
    SELECT subject, name, ${SUMS} FROM traffic
    WHERE length_s = ? AND start_s >= ? AND start_s < ? GROUP BY subject, name`).all(...within);
  const bySubject = new Map<Subject, Map<string, Tally>>();
  for (const row of rows) {
    const { subject, name, ...tally } = row as unknown as Tally & {
      subject: Subject;
      name: string;
    };
    const tallies = bySubject.get(subject) ?? new Map<string, Tally>();
    bySubject.set(subject, tallies.set(name, tally));
  }
  for (const [subject, tallies] of bySubject) {
    // Those with the most bytes keep their names.
    const order = ranked(tallies);
    for (let at = 0; at < order.length; at += NAMES_PER_WRITE) {
      const part = new Map(order.slice(at, at + NAMES_PER_WRITE));
      yield (database) => {
        add(database, { subject, startS, resolution: longer }, part);
        const remove = database.prepare(`
          DELETE FROM traffic
          WHERE subject = ? AND name = ? AND length_s = ? AND start_s >= ? AND start_s < ?`);
        for (const name of part.keys()) remove.run(subject, name, ...within);
      };
    }
  }
}

/** Removes the oldest days while there are more than `MAX_DAYS`, one at a time. */
function* removingDays(database: DatabaseSync): Generator<Write> {
  // Step from day to day in the index: DISTINCT would read all rows.
  const found = database.prepare(`
    WITH RECURSIVE day (start_s) AS (
      SELECT max(start_s) FROM traffic WHERE length_s = ?1
      UNION ALL
      SELECT (SELECT max(start_s) FROM traffic WHERE length_s = ?1 AND start_s < day.start_s)
      FROM day WHERE day.start_s IS NOT NULL
    )
    SELECT start_s AS startS FROM day WHERE start_s IS NOT NULL LIMIT -1 OFFSET ?2`)
    .all(DAY_S, MAX_DAYS) as { startS: number }[];
  for (const { startS } of found.reverse()) {
    yield (database) => {
      database.prepare("DELETE FROM traffic WHERE length_s = ? AND start_s = ?").run(DAY_S, startS);
    };
  }
}

/**
 * Adds counts to a period: to its known names, to new ones while there is room, and else to
 * `OTHERS`.
 */
function add(
  database: DatabaseSync,
  { subject, startS, resolution: { lengthS, maxNames } }: {
    subject: Subject;
    startS: number;
    resolution: Resolution;
  },
  tallies: ReadonlyMap<string, Tally>,
): void {
  const rows = database.prepare(
    "SELECT name FROM traffic WHERE length_s = ? AND start_s = ? AND subject = ?",
  ).all(lengthS, startS, subject) as { name: string }[];
  const names = new Set(rows.map(({ name }) => name));
  names.delete(OTHERS);
  const rest = emptyTally();
  let hasRest = false;
  const insert = database.prepare(ADD);
  const write = (name: string, tally: Tally) =>
    insert.run(subject, name, startS, lengthS, ...TALLY_KEYS.map((key) => tally[key]));
  for (const [name, tally] of ranked(tallies)) {
    if (name !== OTHERS && (names.has(name) || names.size < maxNames)) {
      names.add(name);
      write(name, tally);
    } else {
      addTally(rest, tally);
      hasRest = true;
    }
  }
  if (hasRest) write(OTHERS, rest);
}

/**
 * The counts of a subject from `fromS` to before `untilS`, in periods of `lengthS`; empty periods
 * are left out. All times are in seconds since the epoch.
 */
export function periodsOf(
  database: DatabaseSync,
  { subject, name, fromS, untilS, lengthS }: {
    subject: Subject;
    name: string;
    fromS: number;
    untilS: number;
    lengthS: number;
  },
): Period[] {
  const rows = database.prepare(`
    SELECT ${beginning(lengthS)} AS startS, ${SUMS} FROM traffic
    WHERE subject = ? AND name = ? AND start_s >= ? AND start_s < ?
    GROUP BY 1 ORDER BY 1`).all(subject, name, fromS, untilS);
  return rows.map((row) => {
    const { startS, ...tally } = row as unknown as Tally & { startS: number };
    return { startS, tally };
  });
}

/**
 * `periodOf` in SQL. The length is inlined, because a bound number may be a REAL, which would not
 * divide as integers do.
 */
function beginning(lengthS: number): string {
  return `start_s / ${lengthS} * ${lengthS}`;
}

/** The start of the period of `lengthS` that contains a time, in seconds. */
export function periodOf(timeS: number, lengthS: number): number {
  return Math.floor(timeS / lengthS) * lengthS;
}
