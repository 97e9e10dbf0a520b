import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DownloadReport } from "../../../src/api/downloads.ts";
import type { MirrorReport, MirrorTrial } from "../../../src/api/mirrors.ts";
import type { PackageList, PackageReport } from "../../../src/api/packages.ts";
import type { PinReport } from "../../../src/api/pins.ts";
import type { Status } from "../../../src/api/status.ts";
import manifest from "../../../deno.json" with { type: "json" };
import { Gate } from "../../support/fake_mirror.ts";
import { TestApp, type TestAppOptions } from "../../support/test_app.ts";
import { administer, TOKEN } from "../../support/administration.ts";
import { PublishedRepository } from "../../support/published_repository.ts";

const SETTINGS = {
  database_max_age: "0s",
  refresh_interval: "0",
  min_free_space: "0",
  keep_versions: 0,
};

const A = "core/os/x86_64/a-1-1-any.pkg.tar.zst";
const B = "core/os/x86_64/b-1-1-any.pkg.tar.zst";

/** A daemon for `core` with the packages a and b, and an empty cache. */
async function withCore(options: TestAppOptions = {}) {
  const app = await TestApp.start({
    token: TOKEN,
    ...options,
    settings: { ...SETTINGS, ...options.settings },
    tables: (mirrors) => `mirrored_repos = ["core"]\n${options.tables?.(mirrors) ?? ""}`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1).set("b", 1, { size: 2000 });
  await core.publish();
  return { app, core };
}

async function ask<T>(app: TestApp, target: string, method = "GET"): Promise<T> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { text } = await app.request(method, `/api/v1/${target}`, { headers });
  return text === "" ? undefined as T : JSON.parse(text);
}

async function statusOf(app: TestApp, target: string, method: string): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return (await app.request(method, `/api/v1/${target}`, { headers })).status;
}

async function packages(app: TestApp, query = ""): Promise<PackageReport[]> {
  return (await ask<PackageList>(app, `packages${query}`)).packages;
}

Deno.test("the status has counts of requests, bytes and files, and the state of databases and mirrors", async () => {
  const { app, core } = await withCore({ settings: { max_cache_size: "1GB" } });
  await using _ = app;
  const before = await ask<Status>(app, "status");
  assertEquals([before.version, before.hit_ratio], [manifest.version, null]);
  assertEquals(
    before.databases.map(({ generation, age_ms, checked_ms, failed }) => ({
      generation,
      age_ms,
      checked_ms,
      failed,
    })),
    [{ generation: null, age_ms: null, checked_ms: null, failed: false }],
  );
  assertEquals(before.mirrors, { ready: 0, resting: 0, unused: 1 });

  await app.warm(core.path("core.db"));
  // A first database is sent in full a moment before its snapshot is published.
  await app.log.waitFor(/snapshot published/);
  for (let time = 0; time < 4; time++) await app.warm(`/${A}`);
  // A request is counted just before it is logged, which may be after the client has everything.
  await app.log.waitFor(/INFO request .* cache=/, 5);
  const status = await ask<Status>(app, "status");
  assertEquals([status.requests.hit, status.requests.miss], [3, 2]);
  assertEquals(status.hit_ratio, 3 / 5);
  assertEquals(status.bytes.served - status.bytes.fetched, 3000);
  assertEquals(status.bytes.saved, 3000);
  assertEquals([status.cache.packages, status.cache.max_bytes], [1, 1024 ** 3]);
  assert(status.cache.disk_free_bytes! > 0);
  assertEquals(status.mirrors, { ready: 1, resting: 0, unused: 0 });
  assertEquals([status.refresh, status.downloads], ["idle", 0]);
  const [database] = status.databases;
  assertEquals(database!.repository, core.directory);
  assertMatch(database!.generation!, /./);
  assert(database!.age_ms! <= Date.now() - Date.parse(status.started_at));
  assert(database!.checked_ms !== null && !database!.failed);
  await app.mirror.down();
  // The first may join a check that began before, because packages were asked for.
  for (let time = 0; time < 2; time++) await app.get(core.path("core.db"));
  assertEquals((await ask<Status>(app, "status")).databases[0]!.failed, true);
});

Deno.test("packages are listed with uses, pins and whether they are current, and can be filtered", async (t) => {
  const { app, core } = await withCore({
    tables: () => `pinned_packages = ["b"]\n`,
  });
  await using _ = app;
  await app.warm(core.path("core.db"));
  for (const path of [`/${A}`, `/${A}`, `/${B}`, `/${B}.sig`]) await app.warm(path);
  await core.set("b", 2).publish();
  await app.get(core.path("core.db"));

  const listed = await packages(app);
  assertEquals(
    listed.map(({ path, name, version, uses, pinned, current, signed }) => ({
      path,
      name,
      version,
      uses,
      pinned,
      current,
      signed,
    })),
    [
      { path: A, name: "a", version: "1-1", uses: 2, pinned: false, current: true, signed: false },
      { path: B, name: "b", version: "1-1", uses: 1, pinned: true, current: false, signed: true },
    ],
  );
  const signature = (await Deno.stat(app.pathOf(`${B}.sig`))).size;
  assertEquals(listed.map(({ bytes }) => bytes), [1000, 2000 + signature]);
  const shown = await ask<PackageReport>(app, `packages/${B}`);
  assertEquals({ ...shown, ...listed[1] }, shown);
  for (
    const [query, names] of [
      ["?name=a", ["a"]],
      ["?name=?", ["a", "b"]],
      ["?name=%3F", ["a", "b"]],
      ["?name=b-1-1-*.pkg.tar.zst", ["b"]],
      ["?name=nothing", []],
      ["?repository=core", ["a", "b"]],
      ["?repository=core/os/x86_64&name=b", ["b"]],
      ["?repository=extra", []],
    ] as const
  ) {
    await t.step(query, async () => {
      assertEquals((await packages(app, query)).map(({ name }) => name), [...names]);
    });
  }
});

Deno.test("a removed package loses its signature and its record, even if pinned, and no other does", async () => {
  const { app } = await withCore({ tables: () => `pinned_packages = ["b"]\n` });
  await using _ = app;
  for (const path of [`/${A}`, `/${B}`, `/${B}.sig`]) await app.warm(path);
  const { bytes } = await ask<PackageReport>(app, `packages/${B}`);
  assertEquals(await ask(app, `packages/${B}`, "DELETE"), { path: B, bytes_freed: bytes });
  const left = await Array.fromAsync(Deno.readDir(app.pathOf("core/os/x86_64")));
  assertEquals(left.map(({ name }) => name), ["a-1-1-any.pkg.tar.zst"]);
  assertEquals((await packages(app)).map(({ name }) => name), ["a"]);
  assertEquals((await ask<Status>(app, "status")).cache.packages, 1);
  assertEquals(await statusOf(app, `packages/${B}`, "DELETE"), 404);
  assertEquals((await app.get(`/${B}`)).headers.get("x-cache"), "MISS");
});

Deno.test("only cached packages can be removed by name", async (t) => {
  const { app, core } = await withCore();
  await using _ = app;
  await app.warm(core.path("core.db"));
  await app.warm(`/${A}`);
  await app.warm(`/${A}.sig`);
  const index = app.pathOf(".pkgstash/index.sqlite");
  for (
    const name of [
      `${A}.sig`,
      "core/os/x86_64/core.db",
      ".pkgstash/index.sqlite",
      "core/os/../os/x86_64/a-1-1-any.pkg.tar.zst",
      "core/os/x86_64/..%2Fx86_64%2Fa-1-1-any.pkg.tar.zst",
      `%2F${A}`,
    ]
  ) {
    await t.step(name, async () => {
      assertEquals(await statusOf(app, `packages/${name}`, "DELETE"), 404);
    });
  }
  await Deno.stat(index);
  assertEquals((await packages(app)).length, 1);
});

Deno.test("pins of the API protect packages from cleanup until they are removed, even after a restart", async () => {
  const cacheRoot = await Deno.makeTempDir();
  try {
    const { app, core } = await withCore({ cacheRoot });
    await using _ = app;
    await app.warm(core.path("core.db"));
    for (const path of [`/${A}`, `/${B}`]) await app.warm(path);
    await core.set("a", 2).set("b", 2).publish();
    await app.get(core.path("core.db"));
    const planned = async (on: TestApp) => {
      const { text } = await administer(on.origin, "/api/v1/cleanup?dry_run=true");
      return JSON.parse(text).files.map(({ path }: { path: string }) => path);
    };
    assertEquals(await planned(app), [A, B]);
    assertEquals((await ask<PinReport>(app, "pins/a", "PUT")).source, "api");
    assertEquals(await planned(app), [B]);
    assertEquals((await packages(app, "?name=a"))[0]!.pinned, true);
    await app.stop();

    await using again = await TestApp.start({
      token: TOKEN,
      cacheRoot,
      settings: SETTINGS,
      tables: () => `mirrored_repos = ["core"]\n`,
    });
    const { pins } = await ask<{ pins: PinReport[] }>(again, "pins");
    assertEquals(pins.map(({ pattern }) => pattern), ["a"]);
    assertEquals(await planned(again), [B]);
    assertEquals(await statusOf(again, "pins/a", "DELETE"), 204);
    assertEquals(await planned(again), [A, B]);
  } finally {
    await Deno.remove(cacheRoot, { recursive: true });
  }
});

Deno.test("a download in flight is listed with its bytes, mirror and clients", async () => {
  const { app } = await withCore();
  await using _ = app;
  assertEquals(await ask(app, "downloads"), { downloads: [] });
  const gate = new Gate();
  app.mirror.behave(`/${B}`, { kind: "gate", gate, bytes: 500 });
  const first = app.get(`/${B}`);
  await gate.reached;
  using second = await app.open(`/${B}`);
  await second.head();
  const [download] = (await ask<{ downloads: DownloadReport[] }>(app, "downloads")).downloads;
  const { mirror, bytes_per_second, started_at, bytes, sources, ms_left, slowest_client, ...rest } =
    download!;
  assertEquals(rest, { file: B, size: 2000, clients: 2, purpose: "client", failed: [] });
  assertEquals(sources.every((source) => source.mirror === mirror), true);
  assertEquals(slowest_client?.address, "127.0.0.1");
  assertEquals(ms_left === null, bytes_per_second === 0);
  assertEquals(mirror, new URL(app.mirror.url).host);
  assert(bytes <= 500 && bytes_per_second >= 0 && Date.parse(started_at) <= Date.now());
  gate.release();
  await first;
  await second.finish();
  await app.settled();
  assertEquals(await ask(app, "downloads"), { downloads: [] });
});

Deno.test("mirrors are listed with their state, which a mirror test does not change", async () => {
  const { app } = await withCore({
    mirrors: 2,
    settings: { archive_url: "http://127.0.0.1:9/packages" },
  });
  await using _ = app;
  const [good, bad] = app.mirrors as [typeof app.mirror, typeof app.mirror];
  await bad.down();
  const asked = await ask<{ mirrors: MirrorTrial[] }>(app, "mirrors/test", "POST");
  assertEquals(asked.mirrors.map(({ file }) => file), ["core.db", "core.db", null]);
  const [first, second, archive] = asked.mirrors;
  assertEquals([first!.error, first!.name], [null, new URL(good.url).host]);
  assert(first!.ms! >= 0 && first!.last_modified !== null);
  assert(second!.ms === null && second!.error !== null);
  assertEquals([archive!.ms, archive!.error], [null, null]);
  const list = async () => (await ask<{ mirrors: MirrorReport[] }>(app, "mirrors")).mirrors;
  assertEquals((await list()).map(({ state, role, failures }) => [state, role, failures]), [
    ["unused", "mirror", 0],
    ["unused", "mirror", 0],
    ["unused", "archive", 0],
  ]);
  await app.warm(`/${A}`);
  await app.warm(`/${B}`);
  const [ready, resting] = await list();
  assertEquals([ready!.state, resting!.state], ["ready", "resting"]);
  assert(ready!.latency_ms !== null && resting!.rests_ms > 0 && resting!.last_error !== null);
  await bad.up();
});

Deno.test("the client configuration names the server as the request did, and covers every upstream", async () => {
  const { app } = await withCore({
    settings: { allowed_hosts: ["stash.lan"] },
    tables: ([mirror]) =>
      `[upstreams.other]\nmirror_urls = ["${mirror!.url}"]\nmirrored_repos = ["x"]\n` +
      `upstream_layout = "$arch/$repo"\n`,
  });
  await using _ = app;
  const config = async (headers: Record<string, string>) => {
    const authorization = `Bearer ${TOKEN}`;
    const answer = await app.get("/api/v1/client-config", { authorization, ...headers });
    return JSON.parse(answer.text);
  };
  const asked = await config({ host: "stash.lan:8090" });
  assertEquals(asked.upstreams.map(({ server }: { server: string }) => server), [
    "Server = http://stash.lan:8090/$repo/os/$arch",
    "Server = http://stash.lan:8090/other/$arch/$repo",
  ]);
  assertEquals(
    asked.upstreams[0].cache_server,
    "CacheServer = http://stash.lan:8090/$repo/os/$arch",
  );
  assertEquals(asked.flat_cache_server, "CacheServer = http://stash.lan:8090/cache");
  assertEquals(
    asked.upstreams.map((each: { flat_cache_server: string }) => each.flat_cache_server),
    [
      "CacheServer = http://stash.lan:8090/cache/arch",
      "CacheServer = http://stash.lan:8090/cache/other",
    ],
  );
  // It is no proxy that the configuration trusts.
  const forged = await config({ "host": "stash.lan", "x-forwarded-proto": "https" });
  assertEquals(forged.url, "http://stash.lan");
  // It listens on the loopback address only, so there is no better name for it.
  assertEquals((await config({})).url, app.origin);
});
