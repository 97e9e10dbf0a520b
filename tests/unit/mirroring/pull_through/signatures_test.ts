// A signature belongs to its package, and is as mutable as a database.
import { assertEquals } from "@std/assert";
import { administer, TOKEN } from "../../../support/administration.ts";
import { signatureOf } from "../../../support/changing_repository.ts";
import type { Answer } from "../../../support/http_exchange.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { PublishedRepository } from "../../../support/published_repository.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TempFolder } from "../../../support/temp_folder.ts";
import { TestApp, type TestAppOptions } from "../../../support/test_app.ts";

const NAME = "foo-1-1-x86_64.pkg.tar.zst";
const DB = "/core/os/x86_64/core.db";
const PACKAGE = `/core/os/x86_64/${NAME}`;
const PATH = `${PACKAGE}.sig`;
const OLD = packageBytes(3000, 1);
const NEW = packageBytes(4000, 2);
const OLD_DATE = new Date("2026-11-01T12:00:00Z");
const NEW_DATE = new Date("2026-11-02T12:00:00Z");

/** A daemon of one repository, with its refreshes at hand. */
function start(options: TestAppOptions = {}): Promise<TestApp> {
  return TestApp.start({
    token: TOKEN,
    tables: () => `mirrored_repos = ["core"]\n`,
    ...options,
    settings: { refresh_interval: "0", ...options.settings },
  });
}

async function refresh(app: TestApp): Promise<void> {
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
}

function database(bytes: Uint8Array, signature?: Uint8Array): Promise<Uint8Array> {
  return syncDbBytes([{
    name: "foo",
    version: "1-1",
    fileName: NAME,
    size: bytes.length,
    sha256: sha256Of(bytes),
    ...(signature === undefined ? {} : { pgpsig: btoa(String.fromCharCode(...signature)) }),
  }]);
}

function assertIs(answer: Answer, signature: Uint8Array, status: string): void {
  assertEquals([answer.status, answer.headers.get("x-cache")], [200, status]);
  assertSameBytes(answer.body, signature);
}

Deno.test("a signature is fetched once and served from the cache with its type", async () => {
  await using app = await start();
  app.put(PACKAGE, NEW);
  app.put(PATH, signatureOf(NEW));
  await app.warm(PACKAGE);
  const clients = await Promise.all([app.get(PATH), app.get(PATH), app.get(PATH)]);
  for (const { body } of clients) assertSameBytes(body, signatureOf(NEW));
  assertEquals(clients.map(({ headers }) => headers.get("x-cache")).sort(), [
    "JOIN",
    "JOIN",
    "MISS",
  ]);
  const hit = await app.get(PATH);
  assertIs(hit, signatureOf(NEW), "HIT");
  assertEquals(hit.headers.get("content-type"), "application/pgp-signature");
  assertEquals(app.count(PATH), 1);
});

Deno.test("a signature is kept only beside its package", async () => {
  await using app = await start();
  app.put(PATH, signatureOf(NEW));
  assertIs(await app.get(PATH), signatureOf(NEW), "PASS");
  assertEquals(await Deno.stat(app.pathOf(PATH)).catch(() => null), null);
  assertIs(await app.get(PATH), signatureOf(NEW), "PASS");
  assertEquals(app.count(PATH), 2);
});

Deno.test("a signature of different bytes is skipped, however early it arrives", async (t) => {
  for (const [what, isLate] of [["at once", false], ["late", true]] as const) {
    await t.step(`the right one is sent ${what}`, async () => {
      await using app = await start({ mirrors: 2, settings: { race_timeout: "50ms" } });
      const [lead, lag] = app.mirrors;
      app.put(PACKAGE, NEW);
      lead!.put(PATH, signatureOf(NEW));
      lag!.put(PATH, signatureOf(OLD));
      if (isLate) lead!.behave(PATH, { kind: "hangBeforeHeaders", milliseconds: 300 });
      await app.warm(PACKAGE);
      assertIs(await app.get(PATH), signatureOf(NEW), "MISS");
      assertIs(await app.get(PATH), signatureOf(NEW), "HIT");
      // It is not a fault to be in the middle of an update.
      assertEquals(app.log.matching(/mirror failed/), []);
    });
  }
});

Deno.test("a signature of different bytes is 404 if no mirror has another", async () => {
  await using app = await start({ mirrors: 2 });
  app.put(PACKAGE, NEW);
  app.put(PATH, signatureOf(OLD));
  await app.warm(PACKAGE);
  assertEquals((await app.get(PATH)).status, 404);
  assertEquals(await Deno.stat(app.pathOf(PATH)).catch(() => null), null);
});

Deno.test("a damaged signature is skipped, with or without its package in the cache", async (t) => {
  for (const isCached of [true, false]) {
    await t.step(isCached ? "with" : "without", async () => {
      await using app = await start({ mirrors: 2 });
      app.put(PACKAGE, NEW);
      if (isCached) await app.warm(PACKAGE);
      const [cut, padded] = app.mirrors;
      cut!.put(PATH, signatureOf(NEW).subarray(0, -7));
      padded!.put(PATH, new Uint8Array([...signatureOf(NEW), ...new Uint8Array(100)]));
      const { status } = await app.get(PATH);
      assertEquals(status >= 400, true, `status ${status}`);
      padded!.put(PATH, signatureOf(NEW));
      await refresh(app).catch(() => {});
      assertSameBytes((await app.get(PATH)).body, signatureOf(NEW));
    });
  }
});

Deno.test("a signature without its package comes only from a mirror whose package the database lists", async () => {
  await using app = await start({ mirrors: 2 });
  const [lead, lag] = app.mirrors;
  app.put(DB, await database(NEW));
  lead!.put(PACKAGE, NEW);
  lead!.put(PATH, signatureOf(NEW));
  lag!.put(PACKAGE, OLD);
  lag!.put(PATH, signatureOf(OLD));
  await app.warm(DB);
  for (let time = 0; time < 4; time++) {
    assertSameBytes((await app.get(PATH)).body, signatureOf(NEW));
  }
  assertEquals(lag!.bytesSent < OLD.length, true, "the package was fetched for its signature");
});

Deno.test("the signature of a mirror that does not state the length of its package is not accepted", async () => {
  await using app = await start();
  app.put(DB, await database(NEW));
  app.put(PACKAGE, OLD);
  app.put(PATH, signatureOf(OLD));
  app.mirror.behave(PACKAGE, { kind: "closeDelimited" });
  await app.warm(DB);
  assertEquals((await app.get(PATH)).status, 404);
});

Deno.test("a package that is removed while its signature arrives lets no other signature pass", async () => {
  await using app = await start();
  const gate = new Gate();
  app.put(DB, await database(NEW));
  app.put(PACKAGE, NEW);
  app.put(PATH, signatureOf(OLD));
  await app.warm(DB);
  await app.warm(PACKAGE);
  app.mirror.behave(PATH, { kind: "hangBeforeHeaders", gate });
  const asked = app.get(PATH);
  await gate.reached;
  await Deno.remove(app.pathOf(PACKAGE));
  app.put(PACKAGE, OLD);
  gate.release();
  assertEquals((await asked).status, 404);
});

Deno.test("a signature of the old package reaches nobody once the database lists a new one", async () => {
  await using app = await start({ settings: { prefetch: false } });
  const gate = new Gate();
  app.put(DB, await database(OLD), { lastModified: OLD_DATE });
  app.put(PACKAGE, OLD);
  app.put(PATH, signatureOf(OLD));
  await app.warm(DB);
  await app.warm(PACKAGE);
  app.mirror.behave(PATH, { kind: "hangBeforeHeaders", gate }, 1);
  const before = app.get(PATH);
  await gate.reached;
  app.put(DB, await database(NEW), { lastModified: NEW_DATE });
  app.put(PACKAGE, NEW);
  app.put(PATH, signatureOf(NEW));
  await refresh(app);
  const after = app.get(PATH);
  gate.release();
  for (const answer of [await before, await after]) {
    assertSameBytes(answer.body, signatureOf(NEW));
  }
});

Deno.test("packages signed again get their new signatures after a refresh", async () => {
  await using app = await start();
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1).publish();
  const path = core.package("a", 1);
  await app.warm(core.path("core.db"));
  await app.warm(path);
  assertIs(await app.get(`${path}.sig`), signatureOf(core.bytesOf("a")), "MISS");
  const again = signatureOf(core.bytesOf("a"), 0x66000000);
  app.put(`${path}.sig`, again);
  for (let round = 0; round < 2; round++) {
    assertIs(await app.get(`${path}.sig`), signatureOf(core.bytesOf("a")), "HIT");
  }
  await refresh(app);
  assertIs(await app.get(`${path}.sig`), again, "REFRESHED");
  assertIs(await app.get(`${path}.sig`), again, "HIT");
  await refresh(app);
  assertIs(await app.get(`${path}.sig`), again, "REVALIDATED");
});

Deno.test("a signature that fits stays when the mirrors cannot give another", async (t) => {
  const faults = [
    { kind: "status", code: 503 },
    { kind: "status", code: 404 },
    { kind: "hangBeforeHeaders" },
  ] as const;
  for (const fault of faults) {
    await t.step(JSON.stringify(fault), async () => {
      await using app = await start();
      app.put(DB, await database(NEW));
      app.put(PACKAGE, NEW);
      app.put(PATH, signatureOf(NEW));
      await app.warm(DB);
      await app.warm(PACKAGE);
      await app.get(PATH);
      await refresh(app);
      app.mirror.behave(PATH, fault);
      app.setAnswerTimeout(1_000);
      assertIs(await app.get(PATH), signatureOf(NEW), "STALE");
    });
  }
});

Deno.test("the signature in the database wins over those of mirrors, also when it changes", async () => {
  await using app = await start({ settings: { database_max_age: "0" } });
  const [first, second] = [signatureOf(NEW, 1), signatureOf(NEW, 2)];
  app.put(DB, await database(NEW, first), { lastModified: OLD_DATE });
  app.put(PACKAGE, NEW);
  app.put(PATH, signatureOf(NEW, 3));
  await app.warm(DB);
  await app.warm(PACKAGE);
  for (let round = 0; round < 2; round++) assertIs(await app.get(PATH), first, "HIT");
  app.put(DB, await database(NEW, second), { lastModified: NEW_DATE });
  await refresh(app);
  assertIs(await app.get(PATH), second, "HIT");
  assertEquals(app.count(PATH), 0);
});

Deno.test("a new package is never served beside the signature of the old one", async () => {
  await using app = await start();
  app.put(DB, await database(OLD), { lastModified: OLD_DATE });
  app.put(PACKAGE, OLD);
  app.put(PATH, signatureOf(OLD));
  await app.warm(DB);
  await app.warm(PACKAGE);
  // From the mirror, from disk, and from memory.
  for (let round = 0; round < 3; round++) await app.get(PATH);
  // The package is rebuilt under its name, and its signature is late.
  app.put(DB, await database(NEW), { lastModified: NEW_DATE });
  app.put(PACKAGE, NEW);
  await refresh(app);
  assertSameBytes((await app.warm(PACKAGE)).body, NEW);
  assertEquals((await app.get(PATH)).status, 404);
  app.put(PATH, signatureOf(NEW));
  await refresh(app);
  assertIs(await app.get(PATH), signatureOf(NEW), "MISS");
});

Deno.test("a signature left of another package makes way when its package arrives", async () => {
  await using app = await start();
  app.put(PACKAGE, NEW);
  await Deno.mkdir(app.pathOf("core/os/x86_64"), { recursive: true });
  await Deno.writeFile(app.pathOf(PATH), signatureOf(OLD));
  await app.warm(PACKAGE);
  assertEquals(await Deno.stat(app.pathOf(PATH)).catch(() => null), null);
  // One that was made for it stays.
  await Deno.remove(app.pathOf(PACKAGE));
  await Deno.writeFile(app.pathOf(PATH), signatureOf(NEW));
  await app.warm(PACKAGE);
  assertSameBytes(await Deno.readFile(app.pathOf(PATH)), signatureOf(NEW));
});

Deno.test("a refresh after startup requests cached signatures again", async () => {
  await using cache = await TempFolder.create();
  const publish = async (app: TestApp) => {
    const core = new PublishedRepository(app.mirror);
    await core.set("a", 1).publish();
    return core;
  };
  {
    await using app = await start({ cacheRoot: cache.path });
    const core = await publish(app);
    await app.warm(core.path("core.db"));
    await app.warm(core.package("a", 1));
    await app.get(`${core.package("a", 1)}.sig`);
  }
  // The time of a change on the disk has whole seconds.
  const pointer = cache.join(".pkgstash/snapshots/core/os/x86_64/current.json");
  const snapshot = JSON.parse(await Deno.readTextFile(pointer));
  snapshot.publishedAt -= 60_000;
  await Deno.writeTextFile(pointer, JSON.stringify(snapshot));
  await using app = await start({ cacheRoot: cache.path });
  const core = await publish(app);
  const path = `${core.package("a", 1)}.sig`;
  const again = signatureOf(core.bytesOf("a"), 0x66000000);
  app.put(path, again);
  await refresh(app);
  assertIs(await app.get(path), again, "REFRESHED");
});

Deno.test("after a start, a cached signature is compared with its package before it is a hit", async () => {
  await using cache = await TempFolder.create();
  {
    await using app = await start({ cacheRoot: cache.path });
    app.put(PACKAGE, NEW);
    app.put(PATH, signatureOf(NEW));
    await app.warm(PACKAGE);
    await app.get(PATH);
  }
  {
    await using app = await start({ cacheRoot: cache.path });
    assertIs(await app.get(PATH), signatureOf(NEW), "HIT");
    assertEquals(app.count(PATH), 0);
  }
  await Deno.writeFile(cache.join(PATH), signatureOf(OLD));
  {
    await using app = await start({ cacheRoot: cache.path });
    app.put(PATH, signatureOf(NEW));
    assertIs(await app.get(PATH), signatureOf(NEW), "MISS");
  }
});

Deno.test("a signature that no mirror has is 404, and no mirror is asked twice", async () => {
  await using app = await start({ mirrors: 2 });
  const clients = await Promise.all([app.get(PATH), app.get(PATH), app.get(PATH)]);
  assertEquals(clients.map(({ status }) => status), [404, 404, 404]);
  assertEquals((await app.get(PATH)).status, 404);
  assertEquals((await app.request("HEAD", PATH)).status, 404);
  for (const mirror of app.mirrors) assertEquals(mirror.count(PATH) <= 1, true);
});

Deno.test("a missing signature is requested again at once if missing_signature_age is 0", async () => {
  await using app = await start({ settings: { missing_signature_age: "0" } });
  assertEquals((await app.get(PATH)).status, 404);
  app.put(PATH, signatureOf(NEW));
  assertEquals((await app.get(PATH)).status, 200);
  assertEquals(app.count(PATH), 2);
});

Deno.test("a missing signature is requested again once its package has arrived", async () => {
  await using app = await start({ settings: { missing_signature_age: "1h" } });
  assertEquals((await app.get(PATH)).status, 404);
  app.put(PACKAGE, NEW);
  app.put(PATH, signatureOf(NEW));
  assertEquals((await app.get(PATH)).status, 404);
  await app.warm(PACKAGE);
  assertIs(await app.get(PATH), signatureOf(NEW), "MISS");
});

Deno.test("a missing signature is requested again after a refresh", async () => {
  await using app = await start({ settings: { missing_signature_age: "1h" } });
  app.put(DB, await database(NEW));
  app.put(PACKAGE, NEW);
  await app.warm(DB);
  await app.warm(PACKAGE);
  assertEquals((await app.get(PATH)).status, 404);
  app.put(PATH, signatureOf(NEW));
  assertEquals((await app.get(PATH)).status, 404);
  await refresh(app);
  assertIs(await app.get(PATH), signatureOf(NEW), "MISS");
  assertEquals(app.count(PATH), 2);
});

Deno.test("a mirror that fails does not make a signature missing", async () => {
  await using app = await start();
  app.put(PATH, signatureOf(NEW));
  app.mirror.behave(PATH, { kind: "status", code: 403 }, 1);
  assertEquals((await app.get(PATH)).status, 502);
  assertEquals((await app.get(PATH)).status, 200);
});
