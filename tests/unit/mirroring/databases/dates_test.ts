import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { Mirroring } from "../../../../src/mirroring/mirroring.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import { administer } from "../../../support/administration.ts";
import { ChangingRepository } from "../../../support/changing_repository.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { TestApp, testConfig } from "../../../support/test_app.ts";

const HOUR_MS = 3_600_000;
const SLACK_MS = 10 * 60_000;

const repository = new ChangingRepository({ signed: false });
const DB = repository.path("db");

function start(mirrors: number, settings: Record<string, string> = {}): Promise<TestApp> {
  return TestApp.start({
    mirrors,
    token: "secret-of-the-tests",
    settings: { database_max_age: "0s", ...settings },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
}

/** Puts the database of a revision on mirrors, under this date. */
async function put(
  mirrors: readonly FakeMirror[],
  number: number,
  lastModified: Date | null,
  etag?: string | null,
): Promise<void> {
  const { db } = await repository.revision(number);
  for (const mirror of mirrors) {
    mirror.put(DB, db, { lastModified, ...(etag === undefined ? {} : { etag }) });
  }
}

async function refresh(app: TestApp): Promise<void> {
  const { status, text } = await administer(app.origin, "/api/refresh");
  assertEquals([status, text], [204, ""]);
}

async function served(app: TestApp): Promise<{ number: number; date: number }> {
  const { body, headers } = await app.get(DB);
  return { number: repository.numberOf(body), date: Date.parse(headers.get("last-modified")!) };
}

const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);

Deno.test("a mirror with dates in the future does not win, and the dates are not passed on", async () => {
  await using app = await start(3);
  const [one, ahead, other] = app.mirrors;
  await put([one!, other!], 1, ago(5));
  await put([ahead!], 1, new Date("2071-01-01"));
  await refresh(app);
  assertLessOrEqual((await served(app)).date, Date.now() + SLACK_MS);
  await put([one!, other!], 2, ago(1));
  for (let round = 0; round < 3; round++) {
    await refresh(app);
    assertEquals((await served(app)).number, 2);
  }
  await put(app.mirrors, 3, ago(0.5));
  await refresh(app);
  assertEquals((await served(app)).number, 3);
});

Deno.test("a repository whose clock was corrected continues at once", async () => {
  await using app = await start(1);
  await put(app.mirrors, 1, new Date(Date.now() + 240 * HOUR_MS));
  const first = await served(app);
  assertLessOrEqual(first.date, Date.now() + SLACK_MS);
  await put(app.mirrors, 2, ago(0));
  const second = await served(app);
  assertEquals(second.number, 2);
  assertGreater(second.date, first.date);
});

Deno.test("an old database under a new date is not served in place of a newer one", async () => {
  await using app = await start(2);
  const [one, other] = app.mirrors;
  await put(app.mirrors, 5, ago(5));
  await refresh(app);
  await put([one!], 4, ago(0.1));
  await refresh(app);
  for (let round = 0; round < 4; round++) assertEquals((await served(app)).number, 5);
  await put([other!], 4, ago(0.1));
  await refresh(app);
  for (let round = 0; round < 2; round++) assertEquals((await served(app)).number, 5);
  assert(app.log.matching(/database is older than the served one/).length > 0);
});

Deno.test("a database that was served before is not taken again, even if its packages are alike", async () => {
  await using app = await start(1);
  const listed = { version: "1-1", size: 1, sha256: "0".repeat(64), builddate: 1 };
  const packages = ["a", "b"].map((name) => ({
    name,
    fileName: `${name}-1-1-any.pkg.tar.zst`,
    ...listed,
  }));
  const before = await repository.revision(1, packages.slice(0, 1));
  const after = await repository.revision(1, packages);
  app.put(DB, before.db, { lastModified: ago(5) });
  await refresh(app);
  app.put(DB, after.db, { lastModified: ago(4) });
  await refresh(app);
  app.put(DB, before.db, { lastModified: ago(1) });
  await refresh(app);
  assertEquals((await app.get(DB)).body, after.db);
});

Deno.test("a date renewed by the first mirror is corrected once the others prove to be ahead", async () => {
  await using app = await start(3);
  const [anew, ...others] = app.mirrors;
  await put(others, 2, ago(20));
  await put([anew!], 1, ago(1));
  for (let round = 0; round < 2; round++) await refresh(app);
  assertEquals((await served(app)).number, 2);
});

for (
  const [what, date] of [
    ["a constant date of 1970", new Date(1000)],
    ["a date that stays the same", new Date("2026-11-01T12:00:00Z")],
  ] as const
) {
  for (const etag of [undefined, null]) {
    const by = etag === null ? "its length" : "its tag";
    Deno.test(`new content under ${what} is told by ${by}, when a client asks and at a refresh`, async () => {
      await using app = await start(1);
      await put(app.mirrors, 1, date, etag);
      assertEquals((await served(app)).number, 1);
      await put(app.mirrors, 10, date, etag);
      assertEquals((await served(app)).number, 10);
      await put(app.mirrors, 100, date, etag);
      await refresh(app);
      assertEquals((await served(app)).number, 100);
    });
  }
}

Deno.test("new content within the second of its date is detected, even with the same tag", async () => {
  await using app = await start(1);
  const now = new Date();
  await put(app.mirrors, 1, now, '"same"');
  assertEquals((await served(app)).number, 1);
  await put(app.mirrors, 2, now, '"same"');
  assertEquals((await served(app)).number, 2);
});

Deno.test("two databases within a second are two for clients, and none is dated far ahead", async () => {
  await using app = await start(1);
  const dates: number[] = [];
  for (let number = 1; number <= 4; number++) {
    await put(app.mirrors, number, new Date());
    const { number: got, date } = await served(app);
    assertEquals(got, number);
    dates.push(date);
  }
  for (let index = 1; index < dates.length; index++) {
    assertGreater(dates[index]!, dates[index - 1]!);
  }
  assertLessOrEqual(dates.at(-1)!, Date.now() + SLACK_MS);
});

Deno.test("a mirror is never asked by date alone, which some treat as any date that is not later", async () => {
  await using app = await start(2);
  const [lead, lagging] = app.mirrors;
  await put([lagging!], 1, ago(20), null);
  await put([lead!], 2, ago(1));
  await refresh(app);
  for (let round = 0; round < 4; round++) assertEquals((await served(app)).number, 2);
  for (const { requests } of app.mirrors) {
    assertEquals(requests.filter(({ headers }) => headers.has("if-modified-since")), []);
  }
});

Deno.test("the daemon's own refresh costs one HEAD, and compares the bytes once a day", async () => {
  await using folder = await TempFolder.create();
  await using mirror = await FakeMirror.start();
  const config = testConfig(folder.path, [mirror], { tables: () => 'mirrored_repos = ["core"]\n' });
  const refreshed = async () => {
    const mirroring = await Mirroring.open(config, new Metrics());
    const asked = [mirror.count(DB, "HEAD"), mirror.count(DB, "GET")] as const;
    try {
      await mirroring.cycle.runInTurn();
    } finally {
      await mirroring.stop();
    }
    return [mirror.count(DB, "HEAD") - asked[0], mirror.count(DB, "GET") - asked[1]];
  };
  await put([mirror], 1, new Date("2026-11-01"));
  assertEquals((await refreshed()).at(-1), 1);
  assertEquals(await refreshed(), [1, 0]);
  const pointer = `${folder.path}/.pkgstash/snapshots/core/os/x86_64/current.json`;
  const snapshot = JSON.parse(await Deno.readTextFile(pointer));
  for (const [hours, copies] of [[23, 0], [25, 1]] as const) {
    snapshot.origin.receivedAt = Date.now() - hours * HOUR_MS;
    await Deno.writeTextFile(pointer, JSON.stringify(snapshot));
    assertEquals(await refreshed(), [1, copies]);
  }
});

Deno.test("a mirror that answers no HEAD is asked for the database itself", async () => {
  await using app = await start(1);
  await put(app.mirrors, 1, ago(2), null);
  assertEquals((await served(app)).number, 1);
  await put(app.mirrors, 2, ago(1), null);
  for (const code of [405, 403]) {
    app.mirror.behave(DB, { kind: "status", code }, 1);
    await app.get(DB);
  }
  assertEquals((await served(app)).number, 2);
});
