import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import { MAX_CLIENTS } from "../../../src/history/client_table.ts";
import { History, type HistoryOptions } from "../../../src/history/history.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { Metrics } from "../../../src/platform/observability/metrics.ts";
import { LogLines } from "../../support/log_lines.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const CORE = "core/os/x86_64";
const CLIENT = "192.0.2.1";
const ALL = { range: "day", subject: "all", name: "" } as const;
const OF_CLIENT = { range: "day", subject: "client", name: CLIENT } as const;

/** A history in a folder that outlives it. */
async function openIn(
  folder: string,
  { resolveClientNames = false, ...options }: HistoryOptions & { resolveClientNames?: boolean } =
    {},
): Promise<History & AsyncDisposable> {
  const metrics = new Metrics();
  const history = new History({ stateRoot: folder, resolveClientNames }, metrics, options);
  await history.open();
  return Object.assign(history, { [Symbol.asyncDispose]: () => history.close() });
}

function recordHit(history: History, client = CLIENT, bytes = 100): void {
  history.recordRequest({ client, directory: CORE, result: "hit", bytes, agent: null });
}

Deno.test("a history that is closed while it opens leaves no timer", async () => {
  await using folder = await TempFolder.create();
  const settings = { stateRoot: folder.path, resolveClientNames: false };
  const history = new History(settings, new Metrics());
  const opening = history.open();
  await history.close();
  await opening;
});

Deno.test("each byte is counted once, for its client, its repository and everything", async () => {
  await using folder = await TempFolder.create();
  await using history = await openIn(folder.path);
  recordHit(history);
  history.recordRequest({
    client: CLIENT,
    directory: CORE,
    result: "miss",
    bytes: 0,
    agent: null,
  });
  history.addBytesServed(50, { client: CLIENT, directory: CORE, isSaved: false });
  history.addBytesServed(20, { client: "192.0.2.2", directory: CORE, isSaved: true });
  history.addBytesFetched(70, CORE);
  for (
    const [subject, name, served, saved, fetched] of [
      ["all", "", 170, 120, 70],
      ["repository", CORE, 170, 120, 70],
      ["client", CLIENT, 150, 100, 0],
      ["client", "192.0.2.2", 20, 20, 0],
    ] as const
  ) {
    const { total } = await history.traffic({ range: "day", subject, name });
    assertEquals([total.bytesServed, total.bytesSaved, total.bytesFetched], [
      served,
      saved,
      fetched,
    ]);
  }
});

Deno.test("neither a restart nor a query loses bytes or counts them twice", async () => {
  await using folder = await TempFolder.create();
  for (let run = 1; run <= 3; run++) {
    await using history = await openIn(folder.path);
    recordHit(history);
    recordHit(history);
    assertEquals((await history.traffic(OF_CLIENT)).total.hit, 2 * run);
    assertEquals((await history.traffic(ALL)).total.bytesServed, 200 * run);
    assertEquals((await history.clients())[0]?.tally.hit, 2 * run);
  }
});

Deno.test("a crash loses only what was not yet written", async () => {
  await using folder = await TempFolder.create();
  await using before = await openIn(folder.path);
  recordHit(before);
  await before.flush();
  recordHit(before);
  // As the killed daemon leaves its files.
  const copy = join(folder.path, "copy");
  await Deno.mkdir(copy);
  for (const name of ["history.sqlite", "history.sqlite-wal"]) {
    await Deno.copyFile(join(folder.path, name), join(copy, name));
  }
  await using after = await openIn(copy);
  assertEquals((await after.traffic(ALL)).total.hit, 1);
});

Deno.test("a damaged database is replaced, and the log says so", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "history.sqlite");
  await Deno.writeTextFile(
    path,
    "this is no database, and it is long enough to be read as one".repeat(9),
  );
  const log = new LogLines();
  await using history = await openIn(folder.path);
  recordHit(history);
  assertEquals((await history.traffic(ALL)).total.hit, 1);
  assertMatch(log.matching(/cannot use the database/)[0] ?? "", /history\.sqlite/);
  assertEquals((await Deno.stat(`${path}.damaged`)).isFile, true);
});

Deno.test("damage found after the start costs the old database, but no request", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "history.sqlite");
  {
    await using history = await openIn(folder.path);
    for (let i = 0; i < 90; i++) recordHit(history, `192.0.2.${i}`);
  }
  const damaged = await Deno.readFile(path);
  damaged.fill(0x55, damaged.length - 4096);
  await Deno.writeFile(path, damaged);
  const log = new LogLines();
  await using history = await openIn(folder.path);
  await history.check();
  recordHit(history);
  assertEquals((await history.traffic(ALL)).total.hit, 1);
  assertEquals(log.matching(/cannot use the database/).length, 1);
  assertEquals(await Deno.readFile(`${path}.damaged`), damaged);
});

Deno.test("damage found while reading or writing is repaired too", async () => {
  for (const meet of ["traffic", "flush", "tidy"] as const) {
    await using folder = await TempFolder.create();
    const path = join(folder.path, "history.sqlite");
    const now = () => Date.UTC(2026, 10, 29, 12);
    await using history = await openIn(folder.path, { now });
    await history.check();
    recordHit(history);
    await history.flush();
    // The error of SQLite for a page that it cannot read.
    {
      using other = new DatabaseSync(path);
      other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    {
      using file = await Deno.open(path, { write: true });
      const { size } = await file.stat();
      await file.seek(4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(size - 4096).fill(0x55));
    }
    {
      // A change of another process empties the cache of pages.
      using other = new DatabaseSync(path);
      other.exec("PRAGMA user_version = 1");
    }
    if (meet === "traffic") await history.traffic(ALL);
    else {
      recordHit(history);
      await history[meet]();
    }
    recordHit(history);
    assertEquals((await history.traffic(ALL)).total.hit >= 1, true, meet);
    assertEquals((await Deno.stat(`${path}.damaged`)).isFile, true, meet);
  }
});

Deno.test("a database removed while in use is rewritten with all of its content", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "history.sqlite");
  const log = new LogLines();
  {
    await using history = await openIn(folder.path);
    for (let i = 0; i < 90; i++) recordHit(history, `192.0.2.${i}`);
    await history.flush();
    for (const names of [["history.sqlite"], ["history.sqlite", "history.sqlite-wal"]]) {
      for (const name of names) await Deno.remove(join(folder.path, name));
      recordHit(history);
      await history.flush();
      assertEquals((await Deno.stat(path)).isFile, true);
    }
    assertEquals((await history.clients()).length, 90);
    assertEquals(log.matching(/was removed and has been recreated/).length, 2);
  }
  await using history = await openIn(folder.path);
  await history.check();
  assertEquals((await history.traffic(ALL)).total.hit, 92);
  assertEquals(log.matching(/cannot use the database/), []);
});

Deno.test("a database put in place of the open one is used, without the old journal", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "history.sqlite");
  const other = join(folder.path, "other");
  {
    await using history = await openIn(other);
    for (let i = 0; i < 7; i++) recordHit(history, "192.0.2.77");
  }
  const log = new LogLines();
  {
    await using history = await openIn(folder.path);
    for (let i = 0; i < 90; i++) recordHit(history, `192.0.2.${i}`);
    await history.flush();
    await Deno.rename(join(other, "history.sqlite"), path);
    recordHit(history, "192.0.2.77");
    assertEquals((await history.clients()).map(({ tally }) => tally.hit), [8]);
    assertEquals(log.matching(/history file was replaced/).length, 1);
  }
  await using history = await openIn(folder.path);
  await history.check();
  assertEquals((await history.traffic(ALL)).total.hit, 8);
  assertEquals(log.matching(/cannot use the database/), []);
});

Deno.test("a removed database that cannot be rewritten stays in use, and the log says so once", async () => {
  await using folder = await TempFolder.create();
  const log = new LogLines();
  const root = join(folder.path, "state");
  await using history = await openIn(root);
  recordHit(history);
  await history.flush();
  await Deno.remove(root, { recursive: true });
  await Deno.writeTextFile(root, "no directory");
  for (let i = 0; i < 3; i++) {
    recordHit(history);
    await history.flush();
  }
  assertEquals((await history.traffic(ALL)).total.hit, 4);
  assertEquals(log.matching(/cannot recreate the removed history file/).length, 1);
  await Deno.remove(root);
  assertEquals((await history.traffic(ALL)).total.hit, 4);
  assertEquals((await Deno.stat(join(root, "history.sqlite"))).isFile, true);
});

Deno.test("a history that cannot be opened is kept in memory, and the log says so", async () => {
  await using folder = await TempFolder.create();
  await Deno.mkdir(join(folder.path, "history.sqlite"));
  const log = new LogLines();
  await using history = await openIn(folder.path);
  recordHit(history);
  assertEquals((await history.traffic(ALL)).total.hit, 1);
  assertEquals(log.matching(/keeping the history in memory/).length, 1);
});

Deno.test("counts made while another process writes are written afterwards", async () => {
  await using folder = await TempFolder.create();
  await using history = await openIn(folder.path);
  const log = new LogLines();
  {
    using other = new DatabaseSync(join(folder.path, "history.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    recordHit(history);
    await history.flush();
    assertEquals(log.matching(/cannot write the history, keeping it in memory/).length, 1);
    other.exec("ROLLBACK");
  }
  await history.flush();
  assertEquals((await history.traffic(ALL)).total.hit, 1);
});

Deno.test("requests are counted even before the database is open", async () => {
  await using folder = await TempFolder.create();
  const history = new History({ stateRoot: folder.path, resolveClientNames: false }, new Metrics());
  recordHit(history);
  const opening = history.open();
  recordHit(history);
  await opening;
  assertEquals((await history.traffic(ALL)).total.hit, 2);
  await history.close();
});

Deno.test("each interval has its own bucket, even after the clock goes back", async () => {
  await using folder = await TempFolder.create();
  let now = Date.UTC(2026, 10, 29, 12, 2);
  await using history = await openIn(folder.path, { now: () => now });
  const minutes = async () =>
    (await history.traffic(ALL)).periods.filter(({ tally }) => tally.hit > 0)
      .map(({ startS, tally }) => [new Date(startS * 1000).toISOString().slice(11, 16), tally.hit]);
  await history.flush();
  recordHit(history);
  await history.flush();
  now += 10 * 60_000;
  await history.flush();
  recordHit(history);
  assertEquals(await minutes(), [["12:00", 1], ["12:10", 1]]);
  now -= 5 * 60_000;
  await history.flush();
  recordHit(history);
  assertEquals(await minutes(), [["12:00", 1], ["12:05", 1]]);
  now += 5 * 60_000;
  assertEquals(await minutes(), [["12:00", 1], ["12:05", 1], ["12:10", 1]]);
});

Deno.test("100,000 addresses neither displace clients being served nor exceed the limits", async () => {
  await using folder = await TempFolder.create();
  let now = Date.UTC(2026, 10, 29, 12);
  await using history = await openIn(folder.path, { now: () => now });
  recordHit(history, CLIENT, 1_000_000);
  for (let i = 0; i < 100_000; i++) {
    history.recordRequest({
      client: `2001:db8::${i.toString(16)}`,
      directory: CORE,
      result: "not_found",
      bytes: 0,
      agent: "x".repeat(150),
    });
    if (i % 4_000 === 0) {
      now += 60_000;
      await history.flush();
    }
  }
  assertEquals((await history.traffic(ALL)).total.not_found, 100_000);
  assertEquals((await history.traffic(OF_CLIENT)).total.bytesServed, 1_000_000);
  await tidy(history);
  const clients = await history.clients();
  assertEquals(clients.length <= MAX_CLIENTS, true, `${clients.length}`);
  assertEquals(clients.some(({ address }) => address === CLIENT), true);
  await history.close();
  const { size } = await Deno.stat(join(folder.path, "history.sqlite"));
  assertEquals(size < 4 * 1024 ** 2, true, `${size} bytes`);
});

async function tidy(history: History): Promise<void> {
  await history.flush();
  await history.tidy();
}

Deno.test("names survive a restart, and a named client is never forgotten", async () => {
  await using folder = await TempFolder.create();
  {
    await using history = await openIn(folder.path);
    recordHit(history, CLIENT, 0);
    await history.flush();
    await history.names.set(CLIENT, "desk");
    for (let batch = 0; batch < 25; batch++) {
      for (let i = 0; i < 100; i++) recordHit(history, `10.0.${batch}.${i}`, 100);
      await history.flush();
    }
    await tidy(history);
  }
  await using history = await openIn(folder.path);
  const named = (await history.clients()).filter(({ name }) => name === "desk");
  assertEquals(named.map(({ address }) => address), [CLIENT]);
});

Deno.test("a name belongs to one client, and can be removed", async () => {
  await using folder = await TempFolder.create();
  await using history = await openIn(folder.path);
  const { names } = history;
  await names.set(CLIENT, "desk");
  await assertRejects(() => names.set("192.0.2.2", "desk"), PkgstashError, "has this name");
  await names.set(CLIENT, "desk");
  assertEquals(await names.remove(CLIENT), true);
  assertEquals(await names.remove(CLIENT), false);
  await names.set("192.0.2.2", "desk");
});

Deno.test("a damaged file of names is refused and left untouched", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "client_names.json");
  await Deno.writeTextFile(path, '{"version": 1, "names": {"192.0.2.1": ');
  await using history = await openIn(folder.path);
  for (const work of [() => history.clients(), () => history.names.set(CLIENT, "desk")]) {
    const error = await assertRejects(work, PkgstashError, "Cannot read the names");
    assertEquals(error.kind, "storage");
  }
  assertMatch(await Deno.readTextFile(path), /\{"version": 1, "names": \{"192/);
  await Deno.writeTextFile(path, '{"version": 1, "names": {"192.0.2.1": "desk"}}');
  recordHit(history);
  assertEquals((await history.clients())[0]?.name, "desk");
});

Deno.test("the last database of each repository is kept, an oversized user agent is not", async () => {
  await using folder = await TempFolder.create();
  let now = Date.UTC(2026, 10, 29, 12);
  await using history = await openIn(folder.path, { now: () => now });
  const sync = (databaseAt: number, agent: string) =>
    history.recordRequest({
      client: CLIENT,
      directory: CORE,
      result: "not_modified",
      bytes: 0,
      agent,
      databaseAt,
    });
  sync(1_000, "pacman/7.1.0");
  now += 3_600_000;
  sync(2_000, "x".repeat(10_000));
  const found = await history.client(CLIENT);
  assertEquals(found?.syncs, [
    Object.assign(Object.create(null), { directory: CORE, databaseAt: 2_000, syncedAt: now }),
  ]);
  assertEquals([found?.client.agent, found?.client.syncedAt], ["pacman/7.1.0", now]);
});

Deno.test("DNS is queried only if configured, once a day, and its answers are checked", async () => {
  await using folder = await TempFolder.create();
  const asked: string[] = [];
  const answers: Record<string, string[] | "fails"> = {
    "1.2.0.192.in-addr.arpa": ["Desk.Example.org."],
    "2.2.0.192.in-addr.arpa": ["<script>alert(1)</script>", "\u001b[31m.example.org"],
    "3.2.0.192.in-addr.arpa": "fails",
  };
  let now = Date.UTC(2026, 10, 29, 12);
  const resolve = (name: string) => {
    asked.push(name);
    const answer = answers[name] ?? [];
    return answer === "fails" ? Promise.reject(new Error("no answer")) : Promise.resolve(answer);
  };
  {
    await using history = await openIn(folder.path, { now: () => now, resolve });
    for (const last of [1, 2, 3]) recordHit(history, `192.0.2.${last}`);
    await tidy(history);
    assertEquals(asked, []);
  }
  const options = { now: () => now, resolve, resolveClientNames: true };
  await using history = await openIn(folder.path, options);
  await tidy(history);
  assertEquals(asked.toSorted(), Object.keys(answers));
  const hostNames = async () =>
    Object.fromEntries((await history.clients()).map((each) => [each.address, each.hostName]));
  const expected = { "192.0.2.1": "desk.example.org", "192.0.2.2": null, "192.0.2.3": null };
  assertEquals(await hostNames(), expected);
  await tidy(history);
  assertEquals(asked.length, 3);
  now += 25 * 3_600_000;
  recordHit(history);
  await tidy(history);
  assertEquals(asked.length, 4);
});

Deno.test("a resolver that never answers does not delay a stop", async () => {
  await using folder = await TempFolder.create();
  const asked = Promise.withResolvers<void>();
  const history = await openIn(folder.path, {
    resolveClientNames: true,
    resolve: (_, signal) => {
      asked.resolve();
      const { promise, reject } = Promise.withResolvers<string[]>();
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    },
  });
  recordHit(history);
  const tidying = tidy(history);
  await asked.promise;
  await history.close();
  await tidying;
});
