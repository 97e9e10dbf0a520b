import { assert, assertEquals, assertMatch } from "@std/assert";
import type { EventReport } from "../../../src/api/events.ts";
import { administer, refreshEvents, TOKEN } from "../../support/administration.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp } from "../../support/test_app.ts";
import { pkgstash } from "../cli/administration_child.ts";

async function start(mirrors = 1): Promise<TestApp> {
  return await TestApp.start({
    token: TOKEN,
    mirrors,
    settings: { refresh_interval: "0", min_free_space: "0", keep_versions: 0 },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
}

async function events(app: TestApp, query = ""): Promise<EventReport[]> {
  const { text } = await app.get(`/api/v1/events${query}`, { authorization: `Bearer ${TOKEN}` });
  return JSON.parse(text).events;
}

const brief = ({ kind, who, action }: EventReport) => `${kind}: ${who}: ${action}`;

Deno.test("the daemon's own actions are listed beside changes by people, and are distinguishable", async () => {
  await using app = await start();
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  await app.warm(core.package("a", 1));
  const headers = { authorization: `Bearer ${TOKEN}` };
  await app.request("PUT", "/api/v1/pins/linux", { headers });
  await core.set("a", 2).publish();
  await refreshEvents(app.origin);
  const all = await events(app);
  assertEquals(all.map(brief), [
    "refresh: pkgstash: Refresh the databases",
    "cleanup: pkgstash: Clean up the cache",
    "change: administrator: Pin packages",
    "daemon: pkgstash: Start",
  ]);
  const [refresh, cleanup] = all;
  assertEquals(refresh?.details, { databases: 1, failed: 0, prefetched: 1 });
  const { bytes_freed, ...counts } = cleanup!.details;
  assertEquals(counts, { cleanup: 1, cause: "refresh", files: 1 });
  assert(Number(bytes_freed) > 0);
  assertEquals((await events(app, "?kind=change")).map(brief), [all[2]!].map(brief));
  assertEquals((await events(app, "?who=pkgstash&q=start")).map(brief), [all[3]!].map(brief));
  assertEquals((await events(app, `?before=${all[1]!.number}&limit=1`)).map(brief), [
    brief(all[2]!),
  ]);
  const env = { PKGSTASH_TOKEN: TOKEN, PKGSTASH_URL: app.origin };
  const { out } = await pkgstash(["events", "--kind", "cleanup,refresh"], { env });
  assertMatch(out, /refresh +pkgstash .*Refresh the databases/);
  assert(!out.includes("Pin packages"));
  const wrong = await pkgstash(["events", "--kind", "gossip"], { env });
  assertMatch(wrong.err, /change, login, daemon/);
});

Deno.test("a refresh that fails is an event with the reason", async () => {
  await using app = await start();
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  await app.warm(core.path("core.db"));
  await app.log.waitFor(/snapshot published/);
  app.mirror.behave(core.path("core.db"), { kind: "status", code: 500 });
  await administer(app.origin, "/api/v1/refresh");
  const [failed] = await events(app, "?kind=refresh");
  assertEquals(failed?.action, "Fail to refresh the databases");
  assertMatch(String(failed?.details["reason"]), /core\/os\/x86_64/);
});

Deno.test("failing mirrors are events, missing files are not, and many failures within a minute are one", async () => {
  await using app = await start(2);
  const path = (number: number) => `/core/os/x86_64/big${number}-1-1-any.pkg.tar.zst`;
  for (let number = 0; number < 4; number++) {
    app.put(path(number), packageBytes(300_000, number));
    app.mirrors[0]!.behave(path(number), { kind: "cutAfter", bytes: 100_000 });
  }
  await app.get("/core/os/x86_64/nobody-1-1-any.pkg.tar.zst");
  await app.warm(path(0));
  const [event, ...others] = await events(app, "?kind=download");
  assertEquals(others, []);
  assertEquals(event?.action, "Continue with another mirror");
  assertEquals(event?.details["file"], path(0).slice(1));
  assertMatch(String(event?.details["mirrors"]), /^127\.0\.0\.1:\d+: /);
  for (let number = 1; number < 4; number++) await app.warm(path(number));
  assertEquals((await events(app, "?kind=download")).length, 1, "those of a minute are one");
});

Deno.test("starts and stops are events that survive a restart", async () => {
  const cacheRoot = await Deno.makeTempDir();
  const stateRoot = await Deno.makeTempDir();
  const options = { token: TOKEN, cacheRoot, stateRoot, settings: { refresh_interval: "0" } };
  {
    await using app = await TestApp.start(options);
    await app.stop();
  }
  {
    await using app = await TestApp.start(options);
    assertEquals((await events(app, "?kind=daemon")).map(({ action }) => action), [
      "Start",
      "Stop",
      "Start",
    ]);
  }
  for (const root of [cacheRoot, stateRoot]) await Deno.remove(root, { recursive: true });
});
