import { assertEquals, assertMatch } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TestApp, type TestAppOptions } from "../../support/test_app.ts";

const TOKEN = "correct-horse-battery-staple";
const FOO = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const PACMAN = "pacman/7.1.0 (Linux x86_64) libalpm/16.0.1";

/** A daemon that trusts this machine as a proxy, so that one test can be several clients. */
function start(options: TestAppOptions = {}): Promise<TestApp> {
  return TestApp.start({
    token: TOKEN,
    ...options,
    settings: { trusted_proxies: ["127.0.0.1"], refresh_interval: "0", ...options.settings },
  });
}

function as(client: string): Record<string, string> {
  return { "x-forwarded-for": client, "user-agent": PACMAN };
}

// deno-lint-ignore no-explicit-any
async function api(app: TestApp, path: string, method = "GET", body?: unknown): Promise<any> {
  const response = await app.request(method, `/api/v1/${path}`, {
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = new TextDecoder().decode(response.body);
  return { status: response.status, ...(text === "" ? {} : JSON.parse(text)) };
}

/** The counts of a history that are not 0. */
// deno-lint-ignore no-explicit-any
function counted({ total }: any): Record<string, number> {
  const { requests, bytes_served, bytes_saved, bytes_fetched } = total;
  const all = { ...requests, bytes_served, bytes_saved, bytes_fetched };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value)) as Record<
    string,
    number
  >;
}

Deno.test("requests and bytes are counted for client and repository, from memory as from disk", async () => {
  await using app = await start();
  app.put(FOO, packageBytes(100_000, 1));
  const first = await app.get(FOO, as("192.0.2.1"));
  await app.settled();
  // From disk, then from memory; a part; nothing new; nothing there.
  for (let turn = 0; turn < 3; turn++) await app.get(FOO, as("192.0.2.2"));
  await app.get(FOO, { ...as("192.0.2.2"), range: "bytes=0-9" });
  const since = first.headers.get("last-modified") ?? "";
  await app.get(FOO, { ...as("192.0.2.2"), "if-modified-since": since });
  await app.get(FOO.replace("foo", "absent"), as("192.0.2.2"));
  await app.log.waitFor(/status=404/);
  assertEquals(counted(await api(app, "history?client=192.0.2.1")), {
    miss: 1,
    bytes_served: 100_000,
  });
  const second = {
    hit: 4,
    not_modified: 1,
    not_found: 1,
    bytes_served: 300_010,
    bytes_saved: 300_010,
  };
  assertEquals(counted(await api(app, "history?client=192.0.2.2")), second);
  const all = {
    ...second,
    miss: 1,
    bytes_served: 400_010,
    bytes_fetched: 100_000,
  };
  assertEquals(counted(await api(app, "history")), all);
  assertEquals(counted(await api(app, "history?repository=core%2Fos%2Fx86_64")), all);
  assertEquals(counted(await api(app, "history?repository=extra%2Fos%2Fx86_64")), {});
  const metrics = await app.metrics();
  const of = (name: string, labels = "") =>
    metrics.get(`pkgstash_repository_${name}_total{repository="core/os/x86_64"${labels}}`);
  assertEquals(of("bytes_served"), 400_010);
  assertEquals(of("bytes_saved"), 300_010);
  assertEquals(of("bytes_fetched"), 100_000);
  assertEquals(of("requests", ',result="hit"'), 4);
  assertEquals(metrics.get("pkgstash_bytes_served_total"), 400_010);
});

Deno.test("clients that share a download are each counted, and the second saves its bytes", async () => {
  await using app = await start();
  const file = packageBytes(300_000, 1);
  const gate = new Gate();
  app.put(FOO, file);
  app.mirror.behave(FOO, { kind: "gate", gate, bytes: 0 }, 1);
  const leader = app.get(FOO, as("192.0.2.1"));
  await gate.reached;
  const follower = app.get(FOO, as("192.0.2.2"));
  gate.release();
  await Promise.all([leader, follower]);
  await app.log.waitFor(/cache=JOIN/);
  await app.settled();
  assertEquals(counted(await api(app, "history")), {
    miss: 1,
    join: 1,
    bytes_served: 600_000,
    bytes_saved: 300_000,
    bytes_fetched: 300_000,
  });
  assertEquals(counted(await api(app, "history?client=192.0.2.2")), {
    join: 1,
    bytes_served: 300_000,
    bytes_saved: 300_000,
  });
});

Deno.test("a first database is counted, with the client that synced it", async () => {
  await using app = await start();
  const repository = new PublishedRepository(app.mirror);
  repository.set("foo", 1, { size: 5_000 });
  await repository.publish();
  const database = await app.get(repository.path("core.db"), as("192.0.2.1"));
  await app.get(repository.path("core.db"), as("192.0.2.2"));
  await app.log.waitFor(/path=.*core\.db/, 2);
  const size = database.body.length;
  assertEquals(counted(await api(app, "history")), {
    miss: 1,
    hit: 1,
    bytes_served: 2 * size,
    bytes_saved: size,
    bytes_fetched: size,
  });
  const { syncs, pacman_version } = await api(app, "clients/192.0.2.2");
  assertEquals(pacman_version, "7.1.0");
  assertEquals(
    syncs.map(({ repository, is_current }: { repository: string; is_current: boolean }) => [
      repository,
      is_current,
    ]),
    [["core/os/x86_64", true]],
  );
});

Deno.test("the history of a range has every bucket, for a client or for a repository, but not for both", async () => {
  await using app = await start();
  for (
    const [range, count, seconds] of [["day", 288, 300], ["month", 744, 3_600], [
      "year",
      366,
      86_400,
    ]]
  ) {
    const { buckets, bucket_seconds } = await api(app, `history?range=${range}`);
    assertEquals([buckets.length, bucket_seconds], [count, seconds]);
    const starts = buckets.map(({ start }: { start: string }) => Date.parse(start));
    assertEquals(starts.at(-1) - starts[0], (Number(count) - 1) * Number(seconds) * 1000);
    assertEquals(starts.at(-1) + Number(seconds) * 1000 > Date.now(), true);
  }
  const both = await api(app, "history?client=192.0.2.1&repository=core");
  assertEquals(both.status, 400);
  assertMatch((await api(app, "history?client=nobody")).detail, /not an IP address/);
});

Deno.test("clients are searched, sorted and paged", async () => {
  await using app = await start();
  app.put(FOO, packageBytes(1_000, 1));
  await app.warm(FOO);
  for (let i = 1; i <= 5; i++) {
    for (let turn = 0; turn < i; turn++) await app.get(FOO, as(`192.0.2.${i}`));
  }
  await app.log.waitFor(/client=192\.0\.2\.5/, 5);
  await api(app, "clients/192.0.2.3/name", "PUT", { name: "Büro (Tür)" });
  const addresses = async (query: string) => {
    const { clients, total } = await api(app, `clients?${query}`);
    return [clients.map(({ address }: { address: string }) => address), total];
  };
  assertEquals(await addresses("sort=bytes_served&limit=2&q=192.0.2"), [
    ["192.0.2.5", "192.0.2.4"],
    5,
  ]);
  assertEquals(await addresses("sort=bytes_served&limit=2&offset=4&q=192.0.2"), [["192.0.2.1"], 5]);
  assertEquals(await addresses("sort=address&descending=false&limit=2&q=pacman"), [
    ["192.0.2.1", "192.0.2.2"],
    5,
  ]);
  assertEquals(await addresses("q=B%C3%BCRO"), [["192.0.2.3"], 1]);
  assertEquals(await addresses("q=nobody"), [[], 0]);
});

Deno.test("a client is named by its address in any notation; an invalid name or address is refused", async () => {
  await using app = await start();
  app.put(FOO, packageBytes(1_000, 1));
  await app.get(FOO, as("2001:db8::5"));
  await app.log.waitFor(/client=2001:db8::5/);
  const put = (address: string, name: string) =>
    api(app, `clients/${encodeURIComponent(address)}/name`, "PUT", { name });
  assertEquals((await put("2001:0DB8:0:0::5", "laptop")).address, "2001:db8::5");
  assertEquals((await api(app, "clients/2001:db8::5")).name, "laptop");
  for (const name of ["", " ", "<b>", "a\nb", "x".repeat(65), "\u202eevil"]) {
    assertEquals((await put("192.0.2.1", name)).status, 400, name);
  }
  assertEquals((await put("desk", "laptop")).status, 400);
  assertEquals((await put("192.0.2.1", "laptop")).status, 409);
  assertEquals((await api(app, "clients/2001:db8::5/name", "DELETE")).status, 204);
  assertEquals((await api(app, "clients/2001:db8::5/name", "DELETE")).status, 404);
  assertEquals((await api(app, "clients/192.0.2.77")).status, 404);
});

Deno.test("history and clients survive a restart of the daemon", async () => {
  const cacheRoot = await Deno.makeTempDir();
  const stateRoot = await Deno.makeTempDir();
  for (const run of [1, 2]) {
    await using app = await start({ cacheRoot, stateRoot });
    app.put(FOO, packageBytes(1_000, 1));
    await app.get(FOO, as("192.0.2.1"));
    await app.settled();
    await app.log.waitFor(/client=192\.0\.2\.1/);
    const { requests, bytes_served, name } = await api(app, "clients/192.0.2.1");
    assertEquals([requests.miss, requests.hit, bytes_served], [1, run - 1, 1_000 * run]);
    assertEquals(name, run === 1 ? null : "desk");
    await api(app, "clients/192.0.2.1/name", "PUT", { name: "desk" });
  }
  for (const root of [cacheRoot, stateRoot]) await Deno.remove(root, { recursive: true });
});
