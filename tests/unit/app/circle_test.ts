// Daemons that name each other as mirrors.
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { packageBytes } from "../../support/package_bytes.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
/** A circle that nobody notices lasts longer than any test may. */
const SETTINGS = { answer_timeout: "10m", race_timeout: "10m", stall_timeout: "10m" };

/** Daemons of which each has the next one as its only mirror, and the last one the first. */
class Ring implements AsyncDisposable {
  private constructor(readonly apps: readonly TestApp[]) {}

  static async start(count: number): Promise<Ring> {
    const apps: TestApp[] = [];
    for (let index = 0; index < count; index++) {
      const tables = () => 'extra_paths = ["lastsync"]\n';
      apps.push(await TestApp.start({ settings: SETTINGS, tables }));
    }
    for (const [index, app] of apps.entries()) {
      setMirrors(app, [apps[(index + 1) % count]!.origin]);
    }
    return new Ring(apps);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const app of this.apps) await app[Symbol.asyncDispose]();
  }
}

function setMirrors({ app }: TestApp, mirrorUrls: string[]): void {
  const upstreams = app.config.upstreams.map((upstream) => ({ ...upstream, mirrorUrls }));
  app.reconfigure({ ...app.config, upstreams });
}

for (const count of [1, 2, 3]) {
  Deno.test(`a file that none of ${count} daemons in a circle has is a quick 404`, async () => {
    await using ring = await Ring.start(count);
    for (const app of ring.apps) {
      for (const path of [PATH, `${PATH}.sig`, "/core/os/x86_64/core.db"]) {
        assertEquals((await app.get(path)).status, 404, path);
      }
    }
  });
}

for (const count of [2, 3]) {
  Deno.test(`clients that ask ${count} daemons in a circle at once for what none has get a quick 404`, async () => {
    await using ring = await Ring.start(count);
    for (const method of ["GET", "HEAD"]) {
      for (const path of [PATH, `${PATH}.sig`, "/core/os/x86_64/core.files", "/lastsync"]) {
        const all = await Promise.all(ring.apps.map((app) => app.request(method, path)));
        assertEquals(all.map(({ status }) => status), ring.apps.map(() => 404), path);
      }
    }
  });
}

Deno.test("a daemon in a circle gives the others what it has", async () => {
  await using ring = await Ring.start(2);
  const [first, second] = ring.apps;
  const { mirror } = second!;
  setMirrors(second!, [first!.origin, mirror.url]);
  const core = new PublishedRepository(mirror);
  await core.set("foo", 1).publish();
  assertEquals((await first!.get(core.path("core.db"))).status, 200);
  assertEquals((await first!.get(core.package("foo", 1))).status, 200);
  await first!.settled();
  setMirrors(second!, [first!.origin]);
  // What comes round is answered from the cache.
  for (const path of [core.path("core.db"), core.package("foo", 1)]) {
    assertEquals((await first!.get(path)).status, 200);
    assertEquals((await second!.get(path)).status, 200);
  }
});

Deno.test("mirrors learn a random name, and no host name", async () => {
  await using app = await TestApp.start();
  await using other = await TestApp.start();
  for (const each of [app, other]) {
    each.put(PATH, packageBytes(1_000, 1));
    await each.get(PATH, { via: "1.1 squid.home.example, 1.1 pkgstash-0123456789ab (secret)" });
  }
  const [via, otherVia] = [app, other].map(({ mirror }) => mirror.requests[0]!.headers.get("via"));
  assertMatch(via!, /^1\.1 pkgstash-0123456789ab, 1\.1 pkgstash-[0-9a-f]{12}$/);
  assertNotEquals(via, otherVia);
});

Deno.test("a request that has passed many daemons is answered from the cache only", async () => {
  await using app = await TestApp.start();
  app.put(PATH, packageBytes(1_000, 1));
  const hops = Array.from({ length: 8 }, (_, index) => `1.1 pkgstash-00000000000${index}`);
  assertEquals((await app.get(PATH, { via: hops.join(", ") })).status, 404);
  assertEquals(app.count(PATH), 0);
  assertEquals((await app.get(PATH, { via: hops.slice(1).join(", ") })).status, 200);
  await app.settled();
  assertEquals((await app.get(PATH, { via: hops.join(", ") })).status, 200);
});
