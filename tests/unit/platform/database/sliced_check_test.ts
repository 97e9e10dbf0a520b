import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { isDamage, UnusableDatabase } from "../../../../src/platform/database/database.ts";
import { checkInSlices } from "../../../../src/platform/database/sliced_check.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const PAGE = 4096;
const SCHEMA = `
  CREATE TABLE one (name TEXT, at INTEGER, size INTEGER NOT NULL, PRIMARY KEY (name, at))
    STRICT, WITHOUT ROWID;
  CREATE INDEX one_by_time ON one (at);
  CREATE TABLE none (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;`;
const { signal } = new AbortController();

/** A database of some hundred pages, without a journal. */
function fill(path: string, rows = 20_000): void {
  using database = new DatabaseSync(path);
  database.exec(SCHEMA);
  database.exec("BEGIN");
  const insert = database.prepare("INSERT INTO one VALUES (?, ?, ?)");
  for (let i = 0; i < rows; i++) insert.run(`name ${i % 97}`, i, i * 1_000_003);
  database.exec("COMMIT");
}

Deno.test("a sound database passes the check, whatever its number of rows", async () => {
  for (const rows of [0, 1, 499, 500, 501, 1_000, 20_000]) {
    await using folder = await TempFolder.create();
    const path = folder.join("data.sqlite");
    fill(path, rows);
    using database = new DatabaseSync(path);
    await checkInSlices(database, signal);
  }
});

Deno.test("a damaged page is found wherever it is: in a table, an index or in between", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("data.sqlite");
  fill(path);
  const sound = await Deno.readFile(path);
  const pages = sound.length / PAGE;
  // The first page is read when the database is opened.
  for (let page = 1; page < pages; page += 7) {
    const damaged = sound.slice();
    damaged.fill(0x55, page * PAGE, (page + 1) * PAGE);
    await Deno.writeFile(path, damaged);
    using database = new DatabaseSync(path);
    const error = await assertRejects(() => checkInSlices(database, signal), Error);
    assertEquals(isDamage(error), true, `page ${page}: ${error.message}`);
  }
});

Deno.test("a value of a type that the schema forbids is damage", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("data.sqlite");
  {
    using database = new DatabaseSync(path);
    database.exec(SCHEMA);
    database.prepare("INSERT INTO one VALUES ('findme', ?, 1)").run(0x01_02_03_04_05);
  }
  const bytes = await Deno.readFile(path);
  const name = new TextEncoder().encode("findme");
  const at = bytes.findIndex((_, i) => name.every((byte, offset) => bytes[i + offset] === byte));
  // The types of a record stand before its values: this is an integer of six bytes, and now a text.
  assertEquals(bytes[at - 2], 5);
  bytes[at - 2] = 13 + 2 * 6;
  await Deno.writeFile(path, bytes);
  using database = new DatabaseSync(path);
  await assertRejects(() => checkInSlices(database, signal), UnusableDatabase, "wrong type");
});

Deno.test("everything else continues while a database is checked, including writes to it", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("data.sqlite");
  fill(path, 60_000);
  using database = new DatabaseSync(path);
  let turns = 0;
  const check = checkInSlices(database, signal).then(() => true);
  const insert = database.prepare("INSERT INTO one VALUES ('new', ?, 0)");
  while (!await Promise.race([check, setImmediate(false)])) insert.run(turns++);
  assertEquals(turns > 3, true, `${turns} turns`);
});

Deno.test("a check ends when it is no longer wanted", async () => {
  await using folder = await TempFolder.create();
  const path = folder.join("data.sqlite");
  fill(path);
  const damaged = await Deno.readFile(path);
  damaged.fill(0x55, damaged.length - PAGE);
  await Deno.writeFile(path, damaged);
  using database = new DatabaseSync(path);
  await checkInSlices(database, AbortSignal.abort());
});
