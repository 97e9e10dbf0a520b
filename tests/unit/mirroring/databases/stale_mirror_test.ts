import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { judgeRollback } from "../../../../src/mirroring/databases/rollback.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp, type TestAppOptions } from "../../../support/test_app.ts";
import {
  assertSigned,
  ChangingRepository,
  signatureOf,
} from "../../../support/changing_repository.ts";

const ADMINISTRATOR = { authorization: "Bearer secret-of-the-tests" };

interface StartOptions {
  mirrors?: number;
  settings?: TestAppOptions["settings"];
  cacheRoot?: string;
}

function start({ mirrors = 1, settings = {}, ...rest }: StartOptions = {}): Promise<TestApp> {
  return TestApp.start({
    mirrors,
    token: "secret-of-the-tests",
    settings: { database_max_age: "0s", ...settings },
    tables: () => 'mirrored_repos = ["core"]\n',
    ...rest,
  });
}

/** Refreshes all databases; returns the status. */
async function refresh(app: TestApp): Promise<number> {
  return (await app.request("POST", "/api/refresh", { headers: ADMINISTRATOR })).status;
}

/** Asks for the database; returns the number of its revision. */
async function servedBy(app: TestApp, repository: ChangingRepository): Promise<number> {
  const { body } = await app.get(repository.path("db"));
  return repository.numberOf(body);
}

Deno.test("a mirror with an older database is refused when a client asks", async () => {
  await using app = await start();
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 5);
  assertEquals(await refresh(app), 204);
  await repository.publish(app.mirrors, 4);
  // A mirror may answer 304 for an older database; one that ignores the condition answers 200.
  for (const behaviour of ["correct", "ignoreRange"] as const) {
    app.mirror.behave(repository.path("db"), { kind: behaviour }, 1);
    const { headers, body } = await app.get(repository.path("db"));
    assertEquals(headers.get("x-cache"), "STALE");
    assertEquals(repository.numberOf(body), 5);
    assertSigned(body, (await app.get(repository.path("db.sig"))).body);
  }
});

Deno.test("a refresh takes the newest database of all mirrors", async () => {
  await using app = await start({ mirrors: 3 });
  const repository = new ChangingRepository();
  for (const [index, numbers] of [[1, 3, 2], [9, 5, 7], [4, 12, 11]].entries()) {
    for (const [mirror, number] of numbers.entries()) {
      await repository.publish([app.mirrors[mirror]!], number);
    }
    assertEquals(await refresh(app), 204);
    assertEquals(await servedBy(app, repository), Math.max(...numbers), `round ${index}`);
  }
});

Deno.test("packages are asked of mirrors that agree first, of those that lag last", async () => {
  await using app = await start({ mirrors: 4, settings: { database_max_age: "1h" } });
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 1);
  await repository.publish(app.mirrors.slice(0, 3), 2);
  const [one, other, unknown, lagging] = app.mirrors as [
    FakeMirror,
    FakeMirror,
    FakeMirror,
    FakeMirror,
  ];
  unknown.behave(repository.path("db"), { kind: "status", code: 405 }, 1);
  assertEquals(await refresh(app), 204);
  let number = 0;
  const askedForPackages = async (times: number) => {
    for (const mirror of app.mirrors) mirror.requests.length = 0;
    for (let round = 0; round < times; round++) {
      const path = repository.package(`p-${++number}-1-any.pkg.tar.zst`);
      app.put(path, packageBytes(1000, number));
      assertEquals((await app.warm(path)).status, 200);
    }
    return app.mirrors.filter((mirror) => mirror.requests.some(({ path }) => path.includes("/p-")));
  };
  assertEquals(await askedForPackages(8), [one, other]);
  await one.down();
  await other.down();
  assertEquals(await askedForPackages(4), [unknown]);
  await unknown.down();
  assertEquals(await askedForPackages(1), [lagging]);
});

Deno.test("databases without dates are compared by their newest package", async () => {
  await using app = await start();
  const repository = new ChangingRepository({ dated: false });
  await repository.publish(app.mirrors, 5);
  assertEquals(await servedBy(app, repository), 5);
  await repository.publish(app.mirrors, 4);
  assertEquals(await servedBy(app, repository), 5);
  await repository.publish(app.mirrors, 6);
  await app.log.waitFor(/refresh failed/);
  assertEquals(await refresh(app), 204);
  assertEquals(await servedBy(app, repository), 6);
});

Deno.test("a lagging mirror without dates does not hold back a newer database", async () => {
  await using app = await start({ mirrors: 2 });
  const repository = new ChangingRepository({ dated: false });
  await repository.publish(app.mirrors, 5);
  assertEquals(await refresh(app), 204);
  await repository.publish([app.mirrors[0]!], 4);
  await repository.publish([app.mirrors[1]!], 6);
  for (let round = 0; round < 2; round++) assertEquals(await refresh(app), 204);
  assertEquals(await servedBy(app, repository), 6);
});

Deno.test("a database without a date and one with a date are compared by their newest package", async (t) => {
  for (const firstIsDated of [true, false]) {
    await t.step(firstIsDated ? "a dated one first" : "an undated one first", async () => {
      await using app = await start();
      const dated = new ChangingRepository({ dated: firstIsDated });
      await dated.publish(app.mirrors, 5);
      assertEquals(await refresh(app), 204);
      const others = new ChangingRepository({ dated: !firstIsDated });
      await others.publish(app.mirrors, 4);
      assertEquals(await servedBy(app, dated), 5);
    });
  }
});

Deno.test("a database without a date gets a later one with every change, and only then", async () => {
  await using app = await start();
  const repository = new ChangingRepository({ dated: false });
  const dates: number[] = [];
  for (const number of [1, 2, 3]) {
    await repository.publish(app.mirrors, number);
    assertEquals(await refresh(app), 204);
    const { headers } = await app.get(repository.path("db"));
    dates.push(Date.parse(headers.get("last-modified")!));
    const again = await app.get(repository.path("db"), {
      "if-modified-since": headers.get("last-modified")!,
    });
    assertEquals(again.status, 304);
  }
  // A new database whose newest package is the same.
  const { db } = await repository.revision(3, [{
    name: "old",
    version: "1-1",
    fileName: "old-1-1-any.pkg.tar.zst",
    size: 1,
    sha256: "1".repeat(64),
    builddate: 1,
  }]);
  app.mirror.put(repository.path("db"), db, { lastModified: null });
  app.mirror.put(repository.path("db.sig"), signatureOf(db), { lastModified: null });
  const published = app.log.matching(/snapshot published/).length;
  for (let round = 0; round < 3; round++) assertEquals(await refresh(app), 204);
  assertEquals(app.log.matching(/snapshot published/).length, published + 1);
  dates.push(Date.parse((await app.get(repository.path("db"))).headers.get("last-modified")!));
  for (let index = 1; index < dates.length; index++) {
    assertGreater(dates[index]!, dates[index - 1]!);
  }
});

Deno.test("a rollback is accepted when all mirrors have agreed on it for rollback_age", async () => {
  const cacheRoot = await Deno.makeTempDir();
  await using one = await FakeMirror.start();
  await using other = await FakeMirror.start();
  const mirrors = [one, other];
  const restart = () =>
    start({ cacheRoot, mirrors: 0, settings: { mirror_urls: mirrors.map(({ url }) => url) } });
  const pointer = join(cacheRoot, ".pkgstash/snapshots/core/os/x86_64/current.json");
  const repository = new ChangingRepository();
  const recorded = async () => JSON.parse(await Deno.readTextFile(pointer)).rollback;
  const agreedSince = async (age: number) => {
    const snapshot = JSON.parse(await Deno.readTextFile(pointer));
    snapshot.rollback.since = Date.now() - age;
    await Deno.writeTextFile(pointer, JSON.stringify(snapshot));
  };
  let before: Headers;
  {
    await using app = await restart();
    await repository.publish(mirrors, 5);
    assertEquals(await refresh(app), 204);
    await repository.publish(mirrors, 3);
    for (let round = 0; round < 2; round++) assertEquals(await refresh(app), 204);
    assertEquals(await servedBy(app, repository), 5);
    const { since } = await recorded();
    // Another older database does not restart the time.
    await repository.publish(mirrors, 2);
    assertEquals(await refresh(app), 204);
    assertEquals((await recorded()).since, since);
    // A mirror that has the newer database ends the agreement.
    await repository.publish([other], 5);
    assertEquals(await refresh(app), 204);
    assertEquals(await recorded(), null);
    await repository.publish(mirrors, 3);
    assertEquals(await refresh(app), 204);
    before = (await app.get(repository.path("db"))).headers;
  }
  await agreedSince(86_400_000 - 60_000);
  {
    await using app = await restart();
    await repository.publish(mirrors, 3);
    assertEquals(await refresh(app), 204);
    assertEquals(await servedBy(app, repository), 5);
  }
  await agreedSince(86_400_000);
  {
    await using app = await restart();
    await repository.publish(mirrors, 3);
    assertEquals(await refresh(app), 204);
    assertMatch(app.log.matching(/was rolled back/).join(), /WARN/);
    // Clients have the newer database, so the older one needs a later date to replace it.
    const { status, body } = await app.get(repository.path("db"), {
      "if-modified-since": before.get("last-modified")!,
    });
    assertEquals(status, 200);
    assertEquals(repository.numberOf(body), 3);
    assertEquals(await recorded(), null);
    await repository.publish(mirrors, 6);
    assertEquals(await refresh(app), 204);
    assertEquals(await servedBy(app, repository), 6);
  }
  await Deno.remove(cacheRoot, { recursive: true });
});

Deno.test("a rollback of a repository without dates is accepted too", async () => {
  await using app = await start({ mirrors: 2, settings: { rollback_age: "0s" } });
  const repository = new ChangingRepository({ dated: false });
  await repository.publish(app.mirrors, 5);
  assertEquals(await refresh(app), 204);
  await repository.publish(app.mirrors, 3);
  assertEquals(await refresh(app), 204);
  assertEquals(await servedBy(app, repository), 3);
});

Deno.test("a rollback is accepted even if only clients ask", async () => {
  await using app = await start({ mirrors: 3, settings: { rollback_age: "0s" } });
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 5);
  assertEquals(await servedBy(app, repository), 5);
  await repository.publish(app.mirrors, 3);
  assertEquals(await servedBy(app, repository), 3);
});

Deno.test("the majority of mirrors is believed against one that still has the withdrawn database", async () => {
  await using app = await start({ mirrors: 3, settings: { rollback_age: "0s" } });
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 5);
  assertEquals(await refresh(app), 204);
  await repository.publish(app.mirrors.slice(1), 3);
  assertEquals(await refresh(app), 204);
  assertEquals(await servedBy(app, repository), 3);
});

Deno.test("a rollback is not accepted while a mirror has a newer database, even a broken one", async () => {
  await using app = await start({ mirrors: 2, settings: { rollback_age: "0s" } });
  const repository = new ChangingRepository({ signed: false });
  await repository.publish(app.mirrors, 5);
  assertEquals(await refresh(app), 204);
  await repository.publish([app.mirrors[0]!], 3);
  const { db } = await repository.revision(6);
  app.mirrors[1]!.put(repository.path("db"), db.subarray(0, 100), {
    lastModified: new Date("2026-12-01"),
  });
  assertEquals(await refresh(app), 502);
  assertEquals(await servedBy(app, repository), 5);
});

Deno.test("rollback_age counts from the first refusal, whatever is offered meanwhile", () => {
  const rollbackAgeMs = 86_400_000;
  const first = judgeRollback(null, { now: 1000, rollbackAgeMs });
  assertEquals(first, { accepted: false, record: { since: 1000 } });
  const judgedAt = (now: number) => judgeRollback(first.record, { now, rollbackAgeMs });
  assertEquals(judgedAt(1000 + rollbackAgeMs - 1), { accepted: false, record: { since: 1000 } });
  assertEquals(judgedAt(1000 + rollbackAgeMs), { accepted: true, record: { since: 1000 } });
  // The clock was set back.
  assertEquals(judgedAt(999), { accepted: false, record: { since: 999 } });
});

Deno.test("a refresh takes the other mirrors' database when the newest one is broken", async () => {
  await using app = await start({ mirrors: 3 });
  const repository = new ChangingRepository();
  await repository.publish(app.mirrors, 1);
  assertEquals(await refresh(app), 204);
  await repository.publish(app.mirrors.slice(1), 2);
  const { db } = await repository.revision(3);
  app.mirror.put(repository.path("db"), db.subarray(0, 100), {
    lastModified: new Date("2027-01-01"),
  });
  assertEquals(await refresh(app), 204);
  assertEquals(await servedBy(app, repository), 2);
});
