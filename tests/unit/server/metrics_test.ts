import { assert, assertEquals, assertMatch } from "@std/assert";
import { TOKEN, untilAwaited } from "../../support/administration.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { syncDbBytes } from "../../support/sync_db_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const SIZE = 100_000;
const path = (name: string) => `/core/os/x86_64/${name}-1-1-any.pkg.tar.zst`;
const result = (name: string) => `pkgstash_requests_total{result="${name}"}`;

Deno.test("counts are exact after a known sequence of requests", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const gate = new Gate();
  app.put(path("a"), packageBytes(SIZE, 1));
  app.mirror.behave(path("a"), { kind: "gate", gate, bytes: 10 }, 1);
  const clients = [app.get(path("a")), app.get(path("a")), app.get(path("a"))];
  await untilAwaited(app.origin, 3);
  gate.release();
  await Promise.all(clients); // one MISS, two JOIN
  await app.settled();
  const { headers } = await app.get(path("a")); // HIT, all bytes
  await app.get(path("a"), { range: "bytes=10-19" }); // HIT, 10 bytes
  await app.request("HEAD", path("a")); // HIT, no bytes
  await app.get(path("a"), { "if-none-match": headers.get("etag")! }); // 304
  await app.get(path("a"), { range: `bytes=${SIZE}-` }); // 416
  await app.get(path("b")); // 404
  app.mirror.behave(path("c"), { kind: "status", code: 500 });
  await app.get(path("c")); // 502
  await app.log.waitFor(/INFO request .*pkg\.tar\.zst/, 10);
  const metrics = await app.metrics();
  const counts = Object.fromEntries(
    ["miss", "join", "hit", "not_modified", "refused", "not_found", "error", "stale", "direct"]
      .map((name) => [name, metrics.get(result(name))]),
  );
  assertEquals(counts, {
    miss: 1,
    join: 2,
    hit: 3,
    not_modified: 1,
    refused: 1,
    not_found: 1,
    error: 1,
    stale: 0,
    direct: 0,
  });
  assertEquals(metrics.get("pkgstash_bytes_served_total"), 4 * SIZE + 10);
  assertEquals(metrics.get("pkgstash_bytes_fetched_total"), SIZE);
  assertEquals(metrics.get("pkgstash_downloads_in_flight"), 0);
  const mirror = new URL(app.mirror.url).host;
  assertEquals(
    metrics.get(`pkgstash_upstream_errors_total{mirror="${mirror}",reason="status"}`),
    1,
  );
});

Deno.test("databases, mirrors and the disk are measured in their current state", async () => {
  await using app = await TestApp.start({ settings: { mirrored_repos: ["core"] } });
  const directory = "core/os/x86_64";
  const repository = `{repository="${directory}"}`;
  const database = `pkgstash_database_checked_timestamp_seconds${repository}`;
  const before = await app.metrics();
  assertEquals(before.get("pkgstash_last_refresh_timestamp_seconds"), undefined);
  assertEquals(before.get(database), undefined);
  assert(before.get("pkgstash_disk_free_bytes")! > 0);
  const since = Date.now() / 1000 - 1;
  app.put(`/${directory}/core.db`, await syncDbBytes([]));
  app.put(path("a"), packageBytes(SIZE, 1));
  await app.get(`/${directory}/core.db`);
  await app.warm(path("a"));
  const now = await app.metrics();
  assert(now.get(database)! > since);
  assert(now.get(`pkgstash_database_published_timestamp_seconds${repository}`)! > since);
  const mirror = `{mirror="${new URL(app.mirror.url).host}"}`;
  assertEquals(now.get(`pkgstash_upstream_resting${mirror}`), 0);
});

Deno.test("downloads in flight and the size of the cache are gauges", async () => {
  await using app = await TestApp.start({ token: TOKEN });
  const gate = new Gate();
  app.put(path("a"), packageBytes(SIZE, 1));
  app.mirror.behave(path("a"), { kind: "gate", gate, bytes: 10 }, 1);
  const client = app.get(path("a"));
  await gate.reached;
  assertEquals((await app.metrics()).get("pkgstash_downloads_in_flight"), 1);
  gate.release();
  await client;
  await app.settled();
  const size = (await app.metrics()).get("pkgstash_cache_size_bytes")!;
  assertEquals(size >= 0, true);
});

Deno.test("the metrics are in the Prometheus text format, each with its help and type", async () => {
  await using app = await TestApp.start();
  const { status, headers, text } = await app.get("/metrics");
  assertEquals(status, 200);
  assertMatch(headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const types = new Set([...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name));
  const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)+\})? \S+$/;
  for (const line of text.trimEnd().split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = sample.exec(line);
    assertEquals(match === null, false, line);
    assertEquals(types.has(match![1]!.replace(/_(bucket|sum|count)$/, "")), true, line);
  }
  for (const name of types) assertMatch(text, new RegExp(`^# HELP ${name} \\S`, "m"));
});

Deno.test("healthz answers ok", async () => {
  await using app = await TestApp.start();
  const { status, text } = await app.get("/healthz");
  assertEquals([status, text], [200, "ok\n"]);
  const head = await app.request("HEAD", "/healthz");
  assertEquals([head.status, head.body.length], [200, 0]);
});
