import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { TimeSlice } from "../../async/time_slice.ts";
import { UnusableDatabase } from "./database.ts";
import { following, type Tree, treesOf } from "./tables.ts";

/** Rows between two looks at the clock: about a millisecond. */
const BATCH_ROWS = 500;

/**
 * Reads every row of a database by its table and its indexes, as `PRAGMA quick_check` does, but the
 * event loop runs in between. Other writes may happen meanwhile. Ends early when `signal` aborts.
 *
 * @throws UnusableDatabase, or an error that `isDamage`, if the database is damaged.
 */
export async function checkInSlices(database: DatabaseSync, signal: AbortSignal): Promise<void> {
  for (const tree of treesOf(database)) await checkTree(database, tree, signal);
}

async function checkTree(database: DatabaseSync, tree: Tree, signal: AbortSignal): Promise<void> {
  const { table, index, columns, key } = tree;
  // NULL is allowed wherever the schema allows it, which SQLite checks when it writes.
  const isSound = index === null
    ? [...columns].map(([name, type]) => `typeof("${name}") IN ('${type}', 'null')`).join(" AND ")
    : "true";
  const names = key.map((name) => `"${name}"`).join(", ");
  const batch = (isFirst: boolean) => ({
    sound: database.prepare(
      `SELECT min(sound) AS sound
      FROM (${following(tree, `${isSound} AS sound`, isFirst)} LIMIT ${BATCH_ROWS})`,
    ),
    last: database.prepare(
      `${following(tree, names, isFirst)} LIMIT 1 OFFSET ${BATCH_ROWS - 1}`,
    ),
  });
  const places = key.map(() => "?").join(", ");
  const grows = database.prepare(`SELECT (${places}) > (${places}) AS grows`);
  const [first, next] = [batch(true), batch(false)];
  const slice = new TimeSlice();
  let before: SQLInputValue[] = [];
  for (;;) {
    const { sound, last } = before.length === 0 ? first : next;
    if (sound.get(...before)?.["sound"] === 0) {
      throw new UnusableDatabase(`a row of ${index ?? table} has a value of a wrong type`);
    }
    const row = last.get(...before);
    if (row === undefined) return;
    const now = key.map((name) => row[name] ?? null);
    // A damaged tree may lead in a circle.
    if (before.length > 0 && grows.get(...now, ...before)?.["grows"] !== 1) {
      throw new UnusableDatabase(`the rows of ${index ?? table} are not in order`);
    }
    before = now;
    if (slice.isOver) await slice.renew();
    if (signal.aborted) return;
  }
}
