// HEAD, and names that nobody has: what must not cost a transfer or a question each time.
import { assertEquals } from "@std/assert";
import { administer, TOKEN } from "../../../support/administration.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { PublishedRepository } from "../../../support/published_repository.ts";
import { assertSameBytes } from "../../../support/same_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-x86_64.pkg.tar.zst";
const SIZE = 500_000;
const bytes = packageBytes(SIZE, 1);

function start(mirrors = 1): Promise<TestApp> {
  return TestApp.start({
    mirrors,
    token: TOKEN,
    settings: { refresh_interval: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
}

function methods(app: TestApp, path: string): string[] {
  return app.mirror.requests.filter((request) => request.path === path)
    .map(({ method }) => method);
}

Deno.test("HEAD for a file that is not in the cache asks with HEAD, and fetches nothing", async () => {
  await using app = await start();
  app.put(PATH, bytes);
  const head = await app.request("HEAD", PATH);
  assertEquals([head.status, head.headers.get("x-cache")], [200, "MISS"]);
  assertEquals(head.headers.get("content-length"), String(SIZE));
  assertEquals(head.headers.has("last-modified"), true);
  assertEquals(head.body.length, 0);
  assertEquals(methods(app, PATH), ["HEAD"]);
  assertSameBytes((await app.warm(PATH)).body, bytes);
  assertEquals((await app.request("HEAD", PATH)).headers.get("x-cache"), "HIT");
});

Deno.test("HEAD for a file that the database lists asks no mirror", async () => {
  await using app = await start();
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1, { size: SIZE }).publish();
  await app.warm(core.path("core.db"));
  const path = core.package("a", 1);
  const head = await app.request("HEAD", path);
  assertEquals([head.status, head.headers.get("content-length")], [200, String(SIZE)]);
  assertEquals(methods(app, path), []);
});

Deno.test("HEAD for a file that no mirror has is 404", async () => {
  await using app = await start(2);
  assertEquals((await app.request("HEAD", PATH)).status, 404);
  app.mirrors[1]!.put(PATH, bytes);
  assertEquals((await app.request("HEAD", PATH)).status, 200);
});

Deno.test("HEAD is not 404 where no mirror says that the file is missing", async () => {
  for (
    const [behaviour, status] of [
      [{ kind: "status", code: 500 }, 502],
      [{ kind: "status", code: 503, headers: { "retry-after": "60" } }, 502],
      [{ kind: "refuse" }, 502],
    ] as const
  ) {
    await using app = await start(2);
    for (const mirror of app.mirrors) mirror.behave("*", behaviour);
    for (let request = 0; request < 2; request++) {
      assertEquals((await app.request("HEAD", PATH)).status, status, JSON.stringify(behaviour));
    }
  }
});

Deno.test("HEAD asks with GET, and reads no body, where mirrors do not answer HEAD", async () => {
  await using app = await start();
  const { mirror } = app;
  app.put(PATH, bytes);
  mirror.behave("*", { kind: "status", code: 405 }, 1);
  mirror.behave("*", { kind: "gate", gate: new Gate(), bytes: 1_000 });
  const head = await app.request("HEAD", PATH);
  assertEquals([head.status, head.headers.get("content-length")], [200, String(SIZE)]);
  assertEquals(methods(app, PATH), ["HEAD", "GET"]);
});

Deno.test("a HEAD for a name that no mirror has is remembered too", async () => {
  await using app = await start(2);
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1, { size: SIZE }).publish();
  await app.warm(core.path("core.db"));
  for (const method of ["HEAD", "HEAD", "GET"]) {
    assertEquals((await app.request(method, PATH)).status, 404);
  }
  assertEquals(app.mirrors.map((mirror) => mirror.count(PATH)), [1, 1]);
});

Deno.test("a package that no mirror has is remembered as missing if the database does not list it", async () => {
  await using app = await start(2);
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1).publish();
  await app.warm(core.path("core.db"));
  for (let time = 0; time < 3; time++) assertEquals((await app.get(PATH)).status, 404);
  assertEquals((await app.request("HEAD", PATH)).status, 404);
  assertEquals(app.mirrors.map((mirror) => mirror.count(PATH)), [1, 1]);
  // A new database that lists it makes it fetched at once.
  const unknown = core.package("b", 1);
  assertEquals((await app.get(unknown)).status, 404);
  await core.set("b", 1).publish();
  assertEquals((await app.get(unknown)).status, 404);
  assertEquals((await administer(app.origin, "/api/refresh")).status, 204);
  assertSameBytes((await app.get(unknown)).body, core.bytesOf("b"));
});

Deno.test("a package that no mirror has is not remembered without a database", async () => {
  await using app = await start();
  for (let time = 0; time < 2; time++) assertEquals((await app.get(PATH)).status, 404);
  assertEquals(app.count(PATH), 2);
});

Deno.test("a package that a mirror could not be asked for is not remembered as missing", async () => {
  await using app = await start();
  const core = new PublishedRepository(app.mirror);
  await core.set("a", 1).publish();
  await app.warm(core.path("core.db"));
  app.mirror.behave(PATH, { kind: "status", code: 403 }, 1);
  assertEquals((await app.get(PATH)).status, 502);
  app.put(PATH, bytes);
  assertSameBytes((await app.get(PATH)).body, bytes);
});
