import { assertEquals, assertMatch } from "@std/assert";
import type { Answer } from "../../support/http_exchange.ts";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { beforeTimeouts } from "../../support/patience.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";

function assertRefused({ status, headers }: Answer, expected: number): void {
  assertEquals(status, expected);
  assertMatch(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
}

/** Holds the transfer of `PATH` until the gate opens. */
function hold(app: TestApp): Gate {
  const gate = new Gate();
  app.put(PATH, packageBytes(200_000, 1));
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 1000 }, 1);
  return gate;
}

/** Waits until requests are answered again, as those before them have ended. */
async function untilServed(app: TestApp): Promise<void> {
  while ((await app.get("/healthz")).status !== 200);
}

Deno.test("a client with max_client_requests in flight gets 429, and others are served", async () => {
  await using app = await TestApp.start({
    settings: { max_client_requests: 2, trusted_proxies: ["127.0.0.1"] },
  });
  const gate = hold(app);
  const headers = { forwarded: "for=192.0.2.1" };
  using one = await app.open(PATH, { headers });
  using other = await app.open(PATH, { headers });
  for (const client of [one, other]) await client.peek(1);
  for (let count = 0; count < 5; count++) assertRefused(await app.get("/healthz", headers), 429);
  assertEquals((await app.get("/healthz", { forwarded: "for=192.0.2.2" })).status, 200);
  assertEquals(app.log.matching(/WARN.* too many requests client=192\.0\.2\.1/).length, 1);
  gate.release();
  for (const client of [one, other]) assertEquals((await client.finish()).isComplete, true);
  while ((await app.get("/healthz", headers)).status !== 200);
});

Deno.test("with max_requests in flight everybody gets 503, until one has ended", async () => {
  await using app = await TestApp.start({ settings: { max_requests: 1 } });
  const gate = hold(app);
  using client = await app.open(PATH);
  await client.peek(1);
  assertRefused(await app.get("/healthz"), 503);
  gate.release();
  assertEquals((await client.finish()).isComplete, true);
  await untilServed(app);
});

Deno.test("a client that leaves in the middle of a transfer no longer counts", async () => {
  await using app = await TestApp.start({ settings: { max_requests: 1 } });
  const gate = hold(app);
  const client = await app.open(PATH);
  await client.peek(1);
  client.close();
  gate.release();
  await untilServed(app);
});

Deno.test("with max_client_connections busy, the next connection gets 429", async () => {
  await using app = await TestApp.start({ settings: { max_client_connections: 2 } });
  const gate = hold(app);
  using one = await app.open(PATH);
  using other = await app.open(PATH);
  for (const client of [one, other]) await client.peek(1);
  for (let count = 0; count < 5; count++) assertRefused(await app.get("/healthz"), 429);
  assertEquals(app.log.matching(/WARN.* too many connections client=127\.0\.0\.1/).length, 1);
  gate.release();
  for (const client of [one, other]) assertEquals((await client.finish()).isComplete, true);
  await untilServed(app);
});

Deno.test("with max_connections busy, the next connection gets 503", async () => {
  await using app = await TestApp.start({ settings: { max_connections: 1 } });
  const gate = hold(app);
  using client = await app.open(PATH);
  await client.peek(1);
  assertRefused(await app.get("/healthz"), 503);
  gate.release();
  assertEquals((await client.finish()).isComplete, true);
  await untilServed(app);
});

Deno.test("a client's idle connections never prevent it or others from being served", async () => {
  await using app = await TestApp.start({
    settings: { max_client_connections: 20, max_connections: 20 },
  });
  const { hostname, port } = new URL(app.origin);
  using idle = new DisposableStack();
  for (let count = 0; count < 200; count++) {
    idle.use(await Deno.connect({ hostname, port: Number(port) }));
  }
  for (let count = 0; count < 5; count++) {
    assertEquals((await app.get("/healthz")).status, 200);
  }
  assertEquals(app.log.matching(/WARN/), []);
});

Deno.test("a reload changes the limits", async () => {
  await using app = await TestApp.start({ settings: { max_requests: 1 } });
  const gate = hold(app);
  using client = await app.open(PATH);
  await client.peek(1);
  assertRefused(await app.get("/healthz"), 503);
  app.app.reconfigure({ ...app.app.config, maxRequests: 0 });
  assertEquals((await app.get("/healthz")).status, 200);
  gate.release();
  await client.finish();
});

Deno.test("a connection that would be refused does not delay a stop", async () => {
  await using app = await TestApp.start({
    settings: { max_connections: 1 },
  });
  const gate = hold(app);
  using client = await app.open(PATH);
  await client.peek(1);
  const { hostname, port } = new URL(app.origin);
  using silent = await Deno.connect({ hostname, port: Number(port) });
  await app.log.waitFor(/too many connections/);
  const stopped = app.stop();
  gate.release();
  assertEquals((await client.finish()).isComplete, true);
  await beforeTimeouts(stopped);
  assertEquals(await silent.read(new Uint8Array(1)).catch(() => null), null);
});
