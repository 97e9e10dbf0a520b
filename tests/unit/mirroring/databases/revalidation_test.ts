import { assertEquals } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { beforeTimeouts } from "../../../support/patience.ts";
import { TestApp } from "../../../support/test_app.ts";
import { assertSigned, ChangingRepository } from "../../../support/changing_repository.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";

async function startWith(
  repository: ChangingRepository,
  settings: Record<string, string>,
  mirrors = 1,
): Promise<TestApp> {
  const app = await TestApp.start({ settings, mirrors });
  await repository.publish(app.mirrors, 1);
  await app.get(repository.path("db.sig"));
  return app;
}

Deno.test("a database younger than database_max_age is served without asking a mirror", async () => {
  const repository = new ChangingRepository();
  await using app = await startWith(repository, { database_max_age: "1h" });
  const before = app.count();
  for (let round = 0; round < 5; round++) {
    const { headers } = await app.get(repository.path("db"));
    assertEquals(headers.get("x-cache"), "HIT");
  }
  assertEquals(app.count(), before);
});

Deno.test("ten simultaneous clients cost one conditional request", async () => {
  const repository = new ChangingRepository();
  await using app = await startWith(repository, { database_max_age: "0s" });
  const before = app.count();
  const gate = new Gate();
  app.mirror.behave(repository.path("db"), { kind: "hangBeforeHeaders", gate }, 1);
  const clients = Array.from({ length: 10 }, () => app.open(repository.path("db")));
  await gate.reached;
  // All ten have been accepted when the server answers an eleventh.
  await Promise.all(clients);
  await app.get("/healthz");
  gate.release();
  for (const client of clients) {
    const { status, headers } = await (await client).finish();
    assertEquals([status, headers.get("x-cache")], [200, "REVALIDATED"]);
  }
  assertEquals(app.count(), before + 1);
  // By its tag and not by its date, which may stay the same when the content changes.
  const { headers } = app.mirror.requests.at(-1)!;
  assertEquals(headers.has("if-none-match"), true);
  assertEquals(headers.has("if-modified-since"), false);
});

Deno.test("the old database is served after the time for revalidation, and the new one is published later", async () => {
  const repository = new ChangingRepository();
  await using app = await startWith(repository, {
    database_max_age: "0s",
  });
  const gate = new Gate();
  app.mirror.behave(repository.path("db"), { kind: "hangBeforeHeaders", gate }, 1);
  await repository.publish(app.mirrors, 2);
  // A third of it is for the clients, the rest for what the test does then.
  app.setAnswerTimeout(9_000);
  const answers = await Promise.all([1, 2].map(() => app.get(repository.path("db"))));
  for (const { headers, body } of answers) {
    assertEquals(headers.get("x-cache"), "STALE");
    assertEquals(repository.numberOf(body), 1);
  }
  // A later client does not wait again.
  assertEquals((await app.get(repository.path("db"))).headers.get("x-cache"), "STALE");
  assertEquals(app.count(repository.path("db")), 3); // the first, its confirmation, this one
  gate.release();
  await app.log.waitFor(/snapshot published/, 2);
  const { body } = await app.get(repository.path("db"));
  assertEquals(repository.numberOf(body), 2);
  assertSigned(body, (await app.get(repository.path("db.sig"))).body);
});

Deno.test("the old database is served as STALE at once when no mirror is up", async () => {
  const repository = new ChangingRepository();
  await using app = await startWith(repository, { database_max_age: "1ms" }, 2);
  for (const mirror of app.mirrors) await mirror.down();
  for (let round = 0; round < 3; round++) {
    const { status, headers } = await beforeTimeouts(app.get(repository.path("db")));
    assertEquals([status, headers.get("x-cache")], [200, "STALE"]);
  }
});

Deno.test("a client gets an error at once when no mirror is up and nothing is cached", async () => {
  await using app = await TestApp.start();
  await app.mirror.down();
  for (const member of ["db", "db.sig", "files"]) {
    const path = new ChangingRepository().path(member);
    assertEquals((await beforeTimeouts(app.get(path))).status, 502);
  }
});

Deno.test("a snapshot survives a restart without a mirror", async () => {
  const cacheRoot = await Deno.makeTempDir();
  const repository = new ChangingRepository({ files: true });
  const options = { cacheRoot, settings: { database_max_age: "0s" } };
  const answers: Uint8Array[] = [];
  const members = ["files", "db", "db.sig", "files.sig"];
  {
    await using app = await TestApp.start(options);
    await repository.publish(app.mirrors, 1);
    for (const member of members) answers.push((await app.get(repository.path(member))).body);
  }
  await using app = await TestApp.start({ ...options });
  await app.mirror.down();
  for (const [index, member] of members.entries()) {
    const { status, body } = await app.get(repository.path(member));
    assertEquals(status, 200);
    assertSameBytes(body, answers[index]!);
  }
  await Deno.remove(cacheRoot, { recursive: true });
});

Deno.test("stopping does not wait for a mirror that hangs", async (t) => {
  for (const member of ["db", "db.sig", "files", "files.sig"]) {
    await t.step(member, async () => {
      const repository = new ChangingRepository({ files: true });
      const app = await startWith(repository, {
        database_max_age: "0s",
        drain_timeout: "10ms",
      });
      await app.get(repository.path("files.sig"));
      const gate = new Gate();
      app.mirror.behave(repository.path(member), { kind: "hangBeforeHeaders", gate }, 1);
      await repository.publish(app.mirrors, 2);
      using _client = await app.open(repository.path("files"));
      await gate.reached;
      await beforeTimeouts(app[Symbol.asyncDispose]());
    });
  }
});
