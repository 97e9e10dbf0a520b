import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { administer } from "../../../support/administration.ts";
import { ChangingRepository } from "../../../support/changing_repository.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { PublishedRepository } from "../../../support/published_repository.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { TestApp, testConfig } from "../../../support/test_app.ts";
import { until } from "../../../support/until.ts";
import { sha256Of } from "../../../support/sha256.ts";

const TABLES = 'mirrored_repos = ["core"]\n';
const TOKEN = "secret-of-the-tests";

/** A daemon that serves a database with the packages `a` and `b`, and takes it to be fresh. */
async function start(mirrors = 1) {
  const app = await TestApp.start({
    mirrors,
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => TABLES,
  });
  const repositories = app.mirrors.map((mirror) => new PublishedRepository(mirror));
  const publish = async (...[name, version]: [string, number] | []) => {
    for (const each of repositories) {
      if (name !== undefined && version !== undefined) each.set(name, version);
      await each.publish();
    }
  };
  for (const each of repositories) each.set("a", 1).set("b", 1);
  await publish();
  const core = repositories[0]!;
  const db = core.path("core.db");
  assertEquals((await app.get(db)).status, 200);
  return { app, core, db, repositories, publish };
}

/** Whether an answer has the second publication, an hour after the first. */
function isRenewed({ headers }: { headers: Headers }): boolean {
  // The daemon may have asked the mirrors behind the answer that was evidence.
  return ["REFRESHED", "HIT"].includes(headers.get("x-cache") ?? "") &&
    headers.get("last-modified") === new Date("2026-11-01T13:00:00Z").toUTCString();
}

Deno.test("a missing listed package makes the next request for the database ask the mirrors", async () => {
  const { app, core, db, publish } = await start();
  await using _ = app;
  await publish("a", 2);
  assertEquals((await app.get(db)).headers.get("x-cache"), "HIT");
  assertEquals((await app.get(core.package("a", 1))).status, 404);
  const clients = await Promise.all(Array.from({ length: 5 }, () => app.get(db)));
  assertEquals(clients.map(isRenewed), clients.map(() => true));
  assertEquals((await app.get(core.package("a", 2))).status, 200);
});

Deno.test("a package rebuilt under its name is right at the second attempt", async () => {
  const { app, core, db, repositories } = await start();
  await using _ = app;
  repositories[0]!.set("a", 1, { seed: 9 });
  await repositories[0]!.publish();
  const { status, isComplete } = await app.get(core.package("a", 1));
  assertEquals(status === 200 && isComplete, false);
  await app.settled();
  // The refused download says so a moment after its client knows.
  await until("the next database is served", async () => isRenewed(await app.get(db)));
  assertEquals(sha256Of((await app.get(core.package("a", 1))).body), sha256Of(core.bytesOf("a")));
});

Deno.test("a cached package whose signature is of a rebuilt one puts the database in doubt", async () => {
  const { app, core, db, repositories } = await start();
  await using _ = app;
  const path = core.package("a", 1);
  await app.warm(path);
  repositories[0]!.set("a", 1, { seed: 9 });
  await repositories[0]!.publish();
  assertEquals((await app.get(path)).headers.get("x-cache"), "HIT");
  assertEquals((await app.get(`${path}.sig`)).status, 404);
  assert(isRenewed(await app.get(db)));
  assertSameBytes((await app.warm(path)).body, core.bytesOf("a"));
  assertEquals((await app.get(`${path}.sig`)).status, 200);
});

Deno.test("a client with a later database makes its own request ask the mirrors", async () => {
  const { app, db, publish } = await start();
  await using _ = app;
  await publish("a", 2);
  const later = new Date("2026-11-01T12:30:00Z").toUTCString();
  const { status, headers } = await app.get(db, { "if-modified-since": later });
  assertEquals([status, headers.get("x-cache")], [200, "REFRESHED"]);
});

Deno.test("a client with a date in the future proves nothing, and gets the served database without a date", async () => {
  const { app, db, publish } = await start();
  await using _ = app;
  await publish("a", 2);
  const ahead = { "if-modified-since": new Date("2071-01-01").toUTCString() };
  const { status, headers } = await app.get(db, ahead);
  assertEquals([status, headers.get("x-cache"), headers.get("last-modified")], [200, "HIT", null]);
  // It dates that by its clock, and what comes next must be later.
  const byItsClock = new Date().toUTCString();
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  assertEquals((await app.get(db, { "if-modified-since": byItsClock })).status, 200);
});

Deno.test("evidence that the mirrors do not confirm causes few requests, however often it recurs", async () => {
  const { app, core, db } = await start();
  await using _ = app;
  app.mirror.remove(core.package("a", 1));
  const asked = app.count(db);
  const later = new Date("2026-11-01T12:30:00Z").toUTCString();
  for (let round = 0; round < 20; round++) {
    assertEquals((await app.get(core.package("a", 1))).status, 404);
    assertEquals((await app.get(db, { "if-modified-since": later })).status, 304);
  }
  // Two kinds of evidence, each at once and perhaps again after five seconds: HEAD and GET.
  assertLessOrEqual(app.count(db) - asked, 8);
});

Deno.test("evidence asks all mirrors, so one that lags does not allay it", async () => {
  const { app, core, db, repositories } = await start(3);
  await using _ = app;
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  const [moved, ...others] = repositories;
  await moved!.set("a", 2).publish();
  for (const [index] of others.entries()) app.mirrors[index + 1]!.remove(core.package("a", 1));
  assertEquals((await app.get(core.package("a", 1))).status, 404);
  assert(isRenewed(await app.get(db)));
});

Deno.test("an administrator's refresh sees what tag, date and length hide", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => TABLES,
  });
  const repository = new ChangingRepository({ signed: false });
  const db = repository.path("db");
  const hidden = { lastModified: new Date("2026-11-01"), etag: '"same"' };
  const databases = await databasesOfOneLength(repository);
  for (const bytes of databases) {
    app.put(db, bytes, hidden);
    assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
    assertSameBytes((await app.get(db)).body, bytes);
  }
});

/** Three databases of one length, each later than the one before. */
async function databasesOfOneLength(repository: ChangingRepository): Promise<Uint8Array[]> {
  const byLength = new Map<number, Uint8Array[]>();
  for (let number = 1;; number++) {
    const { db } = await repository.revision(number);
    const alike = [...byLength.get(db.length) ?? [], db];
    if (alike.length === 3) return alike;
    byLength.set(db.length, alike);
  }
}

Deno.test("a package of a repository whose database is missing has it fetched behind the answer", async () => {
  await using app = await TestApp.start({ tables: () => TABLES });
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1).publish();
  assertEquals((await app.get(core.package("a", 1))).status, 200);
  await app.log.waitFor(/snapshot published/);
  assertEquals((await app.get(core.path("core.db"))).headers.get("x-cache"), "HIT");
});

Deno.test("other mirrors in a new configuration put the database in doubt", async () => {
  const { app, db, core } = await start();
  await using _ = app;
  await using other = await FakeMirror.start();
  const moved = new PublishedRepository(other);
  await moved.set("a", 1).set("b", 1).publish();
  await moved.set("a", 2).publish();
  app.app.reconfigure(testConfig(app.app.config.cacheRoot, [other], {
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => TABLES,
  }));
  assertEquals((await app.get(db)).headers.get("x-cache"), "REFRESHED");
  assertEquals((await app.get(core.package("a", 2))).status, 200);
  // The same mirrors again are no reason to ask.
  const asked = other.count(db);
  app.app.reconfigure(app.app.config);
  assertEquals((await app.get(db)).headers.get("x-cache"), "HIT");
  assertEquals(other.count(db), asked);
});

Deno.test("other mirrors are not measured by the database of the former ones", async () => {
  const { app, db, publish } = await start();
  await using _ = app;
  await publish("a", 9);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  await using other = await FakeMirror.start();
  const older = new PublishedRepository(other);
  await older.set("a", 3).publish();
  const before = (await app.get(db)).headers.get("last-modified")!;
  app.app.reconfigure(testConfig(app.app.config.cacheRoot, [other], {
    token: TOKEN,
    settings: { database_max_age: "1h" },
    tables: () => TABLES,
  }));
  const { status, headers } = await app.get(db, { "if-modified-since": before });
  assertEquals([status, headers.get("x-cache")], [200, "REFRESHED"]);
  assertEquals((await app.get(older.package("a", 3))).status, 200);
});

Deno.test("a refresh that fails leaves what the served database says in memory", async () => {
  await using app = await TestApp.start({
    settings: { database_max_age: "0s" },
    tables: () => TABLES,
  });
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1).publish();
  const path = core.package("a", 1);
  assertEquals((await app.get(core.path("core.db"))).status, 200);
  await app.warm(path);
  app.setAnswerTimeout(6_000);
  app.mirror.behave("*", { kind: "status", code: 503 });
  assertEquals((await app.get(core.path("core.db"))).headers.get("x-cache"), "STALE");
  await Deno.truncate(app.pathOf(path), 10);
  // It is known at once that the file is too short.
  assertEquals((await app.get(path)).status, 502);
});
