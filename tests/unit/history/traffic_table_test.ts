import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../src/history/history_schema.ts";
import { emptyTally, type Tally } from "../../../src/history/tally.ts";
import { addToMinute, MAX_DAYS, periodsOf, thinning } from "../../../src/history/traffic_table.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 29, 12, 34, 56);

function newDatabase(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const migration of MIGRATIONS) database.exec(migration);
  return database;
}

function thin(database: DatabaseSync, now: number): void {
  for (const write of thinning(database, now)) write(database);
}

function tally(bytesServed: number, hit = 1): Tally {
  return { ...emptyTally(), hit, bytesServed };
}

function rows(database: DatabaseSync, where = "1"): number {
  const row = database.prepare(`SELECT count(*) AS count FROM traffic WHERE ${where}`).get();
  return (row as { count: number }).count;
}

/** What all rows of a subject have together, by name. */
function sums(database: DatabaseSync, subject: string): Map<string, [number, number]> {
  const found = database.prepare(`
    SELECT name, sum(requests_hit) AS hits, sum(bytes_served) AS bytes FROM traffic
    WHERE subject = ? GROUP BY name`).all(subject) as {
    name: string;
    hits: number;
    bytes: number;
  }[];
  return new Map(found.map(({ name, hits, bytes }) => [name, [hits, bytes]]));
}

Deno.test("thinning keeps the sums of every client and repository, however old their minutes are", () => {
  const event = fc.record({
    agoMs: fc.integer({ min: -3 * DAY_MS, max: 900 * DAY_MS }),
    subject: fc.constantFrom("all" as const, "client" as const, "repository" as const),
    name: fc.constantFrom("", "192.0.2.1", "core/os/x86_64"),
    bytes: fc.nat(1_000_000_000),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      using database = newDatabase();
      for (const { agoMs, subject, name, bytes } of events) {
        addToMinute(database, NOW - agoMs, subject, new Map([[name, tally(bytes)]]));
      }
      const subjects = ["all", "client", "repository"];
      const before = subjects.map((subject) => sums(database, subject));
      for (let turn = 0; turn < 10; turn++) thin(database, NOW);
      assertEquals(subjects.map((subject) => sums(database, subject)), before);
      assertEquals(
        rows(database, `length_s = 60 AND start_s < ${(NOW - DAY_MS) / 1000 - 3600}`),
        0,
      );
      const monthAgo = (NOW - 31 * DAY_MS) / 1000;
      assertEquals(rows(database, `length_s = 3600 AND start_s < ${monthAgo - 86_400}`), 0);
    }),
    { numRuns: 60 },
  );
});

Deno.test("thinning interrupted between two writes loses nothing, and each write is small", () => {
  using database = newDatabase();
  const names = Array.from({ length: 90 }, (_, i) => [`192.0.2.${i}`, tally(1 + i)] as const);
  for (let minute = 0; minute < 60; minute++) {
    addToMinute(database, NOW - 2 * DAY_MS + minute * 60_000, "client", new Map(names));
  }
  const before = sums(database, "client");
  const changes = () => Number(database.prepare("SELECT total_changes() AS n").get()?.["n"]);
  let writes = 0;
  for (const write of thinning(database, NOW)) {
    const already = changes();
    write(database);
    writes++;
    assertEquals(sums(database, "client"), before);
    assertEquals(changes() - already < 2_000, true, `${changes() - already} rows`);
  }
  assertEquals(writes > 5, true);
  assertEquals(rows(database, "length_s = 60"), 0);
});

Deno.test("a clock that jumps ahead and back loses no bytes", () => {
  using database = newDatabase();
  const names = new Map([["192.0.2.1", tally(10)]]);
  addToMinute(database, NOW, "client", names);
  addToMinute(database, NOW + 3_000 * DAY_MS, "client", names);
  for (let turn = 0; turn < 3; turn++) thin(database, NOW + 3_000 * DAY_MS);
  addToMinute(database, NOW, "client", names);
  thin(database, NOW);
  assertEquals(sums(database, "client"), new Map([["192.0.2.1", [3, 30]]]));
  const range = { fromS: NOW / 1000 - 86_400, untilS: NOW / 1000 + 60, lengthS: 300 };
  const found = periodsOf(database, { subject: "client", name: "192.0.2.1", ...range });
  assertEquals(found.reduce((sum, { tally }) => sum + tally.bytesServed, 0), 20);
});

Deno.test("days beyond the limit are removed, the oldest first", () => {
  using database = newDatabase();
  for (let day = 0; day < MAX_DAYS + 20; day++) {
    addToMinute(database, NOW - (40 + day) * DAY_MS, "all", new Map([["", tally(1)]]));
  }
  for (let turn = 0; turn < 60; turn++) thin(database, NOW);
  assertEquals(rows(database), MAX_DAYS);
  const oldest = database.prepare("SELECT min(start_s) AS start FROM traffic").get();
  const expected = Math.floor((NOW / 1000 - (40 + MAX_DAYS - 1) * 86_400) / 86_400) * 86_400;
  assertEquals(oldest, Object.assign(Object.create(null), { start: expected }));
});

Deno.test("beyond the limit of names, those with the fewest bytes are counted together", () => {
  using database = newDatabase();
  const tallies = new Map(
    Array.from({ length: 150 }, (_, i) => [`192.0.2.${i}`, tally(1_000 + i)]),
  );
  addToMinute(database, NOW, "client", tallies);
  assertEquals(rows(database), 101);
  const found = sums(database, "client");
  assertEquals(found.has("192.0.2.149"), true);
  assertEquals(found.get(""), [50, 50 * 1_000 + 49 * 50 / 2]);
});

Deno.test("the limit of names applies to hours and days too", () => {
  using database = newDatabase();
  for (let minute = 0; minute < 10; minute++) {
    const tallies = new Map(
      Array.from({ length: 90 }, (_, i) => [`10.0.${minute}.${i}`, tally(1 + i)]),
    );
    addToMinute(database, NOW - 40 * DAY_MS + minute * 60_000, "client", tallies);
  }
  thin(database, NOW);
  thin(database, NOW);
  assertEquals(rows(database) <= 301, true);
  const bytes = [...sums(database, "client").values()].reduce((sum, [, each]) => sum + each, 0);
  assertEquals(bytes, 10 * 90 * 91 / 2);
});
