import { assertEquals, assertMatch } from "@std/assert";
import { administer } from "../../../support/administration.ts";
import { ChangingRepository } from "../../../support/changing_repository.ts";
import { TestApp } from "../../../support/test_app.ts";

const TOKEN = "secret-of-the-tests";
const repository = new ChangingRepository({ signed: false });
const DB = repository.path("db");

function start(settings: Record<string, string>): Promise<TestApp> {
  return TestApp.start({
    mirrors: 2,
    token: TOKEN,
    settings: { database_max_age: "0s", ...settings },
    tables: () => 'mirrored_repos = ["core"]\n',
  });
}

async function goneSince(app: TestApp): Promise<string | null> {
  const { text } = await app.get("/api/v1/status", { authorization: `Bearer ${TOKEN}` });
  return JSON.parse(text).databases[0].gone_since;
}

/** Publishes a database, has it served, and removes it from all mirrors. */
async function vanish(app: TestApp): Promise<void> {
  await repository.publish(app.mirrors, 1);
  assertEquals((await app.get(DB)).status, 200);
  for (const mirror of app.mirrors) mirror.remove(DB);
  await administer(app.origin, "/api/refresh");
  await app.log.waitFor(/no mirror has the repository/);
}

Deno.test("a repository that no mirror has any more is served until vanished_age, and the status tells", async () => {
  await using app = await start({ vanished_age: "1d" });
  const before = Date.now();
  await vanish(app);
  const since = await goneSince(app);
  assertEquals(Date.parse(since!) >= before - 1, true);
  for (let round = 0; round < 3; round++) {
    const { status, headers } = await app.get(DB);
    assertEquals([status, headers.get("x-cache")], [200, "STALE"]);
  }
  assertEquals(await goneSince(app), since);
  assertEquals(app.log.matching(/no mirror has the repository/).length, 1);
});

Deno.test("after vanished_age clients get 404, until a mirror has the repository again", async () => {
  await using app = await start({ vanished_age: "0s" });
  await vanish(app);
  assertEquals((await app.get(DB)).status, 404);
  assertMatch(
    app.log.matching(/no mirror has had/).join(),
    /core\/os\/x86_64 since .* Remove it from the configuration/,
  );
  await repository.publish(app.mirrors, 2);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  const { status, body } = await app.get(DB);
  assertEquals([status, repository.numberOf(body)], [200, 2]);
  assertEquals(await goneSince(app), null);
});

Deno.test("a repository is not gone while a mirror has it, or while one is silent", async () => {
  await using app = await start({ vanished_age: "0s" });
  await repository.publish(app.mirrors, 1);
  assertEquals((await app.get(DB)).status, 200);
  app.mirror.remove(DB);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  await app.mirrors[1]!.down();
  await administer(app.origin, "/api/refresh");
  assertEquals(await goneSince(app), null);
  assertEquals((await app.get(DB)).status, 200);
});
