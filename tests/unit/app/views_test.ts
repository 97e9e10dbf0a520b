// Views of repositories at a time, as clients get them by HTTP.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { ChangingRepository } from "../../support/changing_repository.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { sha256Of } from "../../support/sha256.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const SETTINGS = { refresh_interval: "0", min_free_space: "0" };

async function create(app: TestApp, name: string): Promise<void> {
  const answer = await app.request("POST", "/api/v1/repositories", {
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name }),
  });
  assertEquals(answer.status, 201, answer.text);
}

Deno.test("a view of an own repository is served by its path, and a 404 says why there is none", async () => {
  await using app = await TestApp.start({ token: TOKEN, settings: SETTINGS });
  await create(app, "mine");
  const today = await app.request("GET", "/mine@1/os/x86_64/mine.db");
  assertEquals(today.status, 200);
  assertEquals(today.body, (await app.request("GET", "/mine/os/x86_64/mine.db")).body);
  for (
    const [path, reason] of [
      ["/mine@2020-01-01/os/x86_64/mine.db", /nothing is kept from that time.*keep_generations/],
      ["/mine@2999-01-01/os/x86_64/mine.db", /is in the future/],
      [
        "/mine@yesterday/os/x86_64/mine.db",
        /is not a view\. Use a day such as 2026-11-20/,
      ],
      ["/mine@99/os/x86_64/mine.db", /no such generation/],
    ] as const
  ) {
    const answer = await app.request("GET", path);
    assertEquals(answer.status, 404, path);
    assertMatch(answer.text, reason);
  }
});

Deno.test("a mirrored repository is held at yesterday, with packages that cleanup keeps", async () => {
  await using folder = await TempFolder.create();
  const cacheRoot = folder.join("cache");
  const repository = new ChangingRepository();
  await using mirror = await FakeMirror.start();
  const start = () =>
    TestApp.start({
      ...{ token: TOKEN, cacheRoot, mirrors: 0 },
      settings: {
        ...SETTINGS,
        keep_snapshots: 7,
        keep_versions: 0,
        database_max_age: "0s",
        mirror_urls: [mirror.url],
      },
      tables: () => `mirrored_repos = ["core"]\n`,
    });
  const old = repository.package("old-1-1-any.pkg.tar.zst");
  const bytes = new TextEncoder().encode("an old package");
  const listed = {
    ...{ name: "old", version: "1-1", fileName: "old-1-1-any.pkg.tar.zst", size: bytes.length },
    sha256: sha256Of(bytes),
  };
  mirror.put(old, bytes);
  repository.put(mirror, await repository.revision(1, [listed]));
  let yesterday = new Date();
  {
    await using app = await start();
    assertEquals((await app.get(repository.path("db"))).status, 200);
    assertEquals((await app.warm(old)).status, 200);
    await app.stop();
    const pointer = join(cacheRoot, ".pkgstash/snapshots/core/os/x86_64/current.json");
    const snapshot = JSON.parse(await Deno.readTextFile(pointer));
    yesterday = new Date(snapshot.publishedAt - 24 * 3_600_000);
    await Deno.writeTextFile(
      pointer,
      JSON.stringify({ ...snapshot, publishedAt: yesterday.getTime() }),
    );
  }
  repository.put(mirror, await repository.revision(2));
  mirror.remove(old);
  await using app = await start();
  await administer(app.origin, "/api/refresh");
  assertEquals(repository.numberOf((await app.get(repository.path("db"))).body), 2);
  const day = yesterday.toISOString().slice(0, 10);
  const held = (path: string) => path.replace("/core/", `/core@${day}/`);
  const database = await app.get(held(repository.path("db")));
  assertEquals([database.status, repository.numberOf(database.body)], [200, 1]);
  assertEquals((await app.get(held(repository.path("db.sig")))).status, 200);
  const cleanup = await app.request("POST", "/api/v1/cleanup", {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  assertEquals(cleanup.status, 200, cleanup.text);
  assertEquals((await app.get(held(old))).body, bytes);
  assert((await app.get(held(repository.package("other-1-1-any.pkg.tar.zst")))).status === 404);
  const today = new Date().toISOString().slice(0, 10);
  assertEquals(
    (await app.get(repository.path("db").replace("/core/", `/core@${today}/`))).status,
    200,
  );
  assertMatch((await app.get(`/core@2001-01-01/os/x86_64/core.db`)).text, /nothing is kept/);
});
