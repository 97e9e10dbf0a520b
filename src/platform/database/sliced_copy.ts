import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { TimeSlice } from "../../async/time_slice.ts";
import { inTransaction, type Migrations, openDatabase, removeJournal } from "./database.ts";
import { renameDurably } from "../files/durable.ts";
import { following, type Tree, treesOf } from "./tables.ts";

/** Rows in one transaction: about two milliseconds. */
const BATCH_ROWS = 200;

/**
 * Writes all that a database holds, whose own file is gone, to a new file at `path`. The event loop
 * runs in between; nothing else may write to the database meanwhile. If this rejects, there is no
 * file at `path`. Otherwise close the database and remove its journal before you open the new file.
 */
export async function copyInSlices(
  database: DatabaseSync,
  path: string,
  migrations: Migrations,
): Promise<void> {
  const draft = `${path}.new`;
  await removeDraft(draft);
  try {
    {
      using copy = await openDatabase(draft, migrations);
      // Nobody needs it before it is whole; then it is written to the disk at once.
      copy.exec("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 1000;");
      const slice = new TimeSlice();
      for (const tree of treesOf(database)) {
        if (tree.index === null) await copyTable(database, copy, { tree, slice });
      }
    }
    using file = await Deno.open(draft, { write: true });
    await file.sync();
    await renameDurably(draft, path);
  } catch (error) {
    await removeDraft(draft);
    throw error;
  }
}

async function copyTable(
  from: DatabaseSync,
  to: DatabaseSync,
  { tree, slice }: { tree: Tree; slice: TimeSlice },
): Promise<void> {
  const columns = [...tree.columns.keys()];
  const names = columns.map((name) => `"${name}"`).join(", ");
  const insert = to.prepare(
    `INSERT INTO "${tree.table}" (${names}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  const [first, next] = [true, false].map((isFirst) =>
    from.prepare(`${following(tree, names, isFirst)} LIMIT ${BATCH_ROWS}`)
  );
  let before: SQLInputValue[] = [];
  for (;;) {
    const rows = (before.length === 0 ? first! : next!).all(...before);
    const last = rows.at(-1);
    if (last === undefined) return;
    inTransaction(to, () => {
      for (const row of rows) insert.run(...columns.map((name) => row[name] ?? null));
    });
    before = tree.key.map((name) => last[name] ?? null);
    if (slice.isOver) await slice.renew();
  }
}

async function removeDraft(draft: string): Promise<void> {
  await Deno.remove(draft).catch(() => {});
  await removeJournal(draft);
}
