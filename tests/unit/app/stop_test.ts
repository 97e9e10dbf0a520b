import { assertEquals, assertRejects } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const SIZE = 2_000_000;
const bytes = packageBytes(SIZE, 1);

Deno.test("a stop lets a transfer finish, and takes no new connections", async () => {
  await using app = await TestApp.start();
  const gate = new Gate();
  app.put(PATH, bytes);
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 100_000 }, 1);
  using client = await app.open(PATH);
  await client.peek(1);
  const stopped = app.stop();
  // Refused, or reset if it comes in the very moment of closing.
  await assertRejects(() => app.get("/healthz"));
  gate.release();
  const answer = await client.finish();
  assertEquals([answer.isComplete, answer.body], [true, bytes]);
  await stopped;
});

Deno.test("idle connections do not hold a stop up", async () => {
  await using app = await TestApp.start();
  const { hostname, port } = new URL(app.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"));
  await connection.read(new Uint8Array(1000));
  using _silent = await Deno.connect({ hostname, port: Number(port) });
  const startedAt = performance.now();
  await app.stop();
  assertEquals(performance.now() - startedAt < 2_000, true);
});

Deno.test("the drain limit cuts off, and the part is gone on with after a restart", async () => {
  const cacheRoot = await Deno.makeTempDir();
  const sent = 1_000_000;
  {
    await using app = await TestApp.start({
      cacheRoot,
      settings: { drain_timeout: "200ms", stall_timeout: "60s" },
    });
    app.put(PATH, bytes);
    app.mirror.behave(PATH, { kind: "stallAfter", bytes: sent }, 1);
    using client = await app.open(PATH);
    await client.peek(sent - 1);
    const startedAt = performance.now();
    await app.stop();
    assertEquals(performance.now() - startedAt < 2_000, true);
    assertEquals((await client.finish()).isComplete, false);
    assertEquals(app.log.matching(/cut off/).length, 1);
  }
  {
    await using app = await TestApp.start({ cacheRoot });
    app.put(PATH, bytes);
    const answer = await app.get(PATH);
    assertEquals([answer.status, answer.body], [200, bytes]);
    const range = app.mirror.requests[0]!.headers.get("range") ?? "";
    const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    assertEquals(start > 0 && start < sent, true, range);
    assertEquals(app.mirror.bytesSent < SIZE - start + 1, true);
  }
  await Deno.remove(cacheRoot, { recursive: true });
});

Deno.test("a client that stopped reading a cached file cannot hold a stop up for ever", async () => {
  await using app = await TestApp.start({ settings: { drain_timeout: "200ms" } });
  app.put(PATH, packageBytes(24_000_000, 1));
  await app.warm(PATH);
  using client = await app.open(PATH);
  await client.peek(1);
  const startedAt = performance.now();
  await app.stop();
  assertEquals(performance.now() - startedAt < 2_000, true);
  client.close();
  await app.log.waitFor(/INFO request .*pkg\.tar/, 2);
});

Deno.test("a transfer without a client is not waited for", async () => {
  await using app = await TestApp.start({ settings: { stall_timeout: "60s" } });
  app.put(PATH, bytes);
  app.mirror.behave(PATH, { kind: "stallAfter", bytes: 100_000 }, 1);
  const client = await app.open(PATH);
  await client.peek(1);
  client.close();
  const startedAt = performance.now();
  await app.stop();
  assertEquals(performance.now() - startedAt < 2_000, true);
});

Deno.test("stopping before anything was asked, and in the middle of a refresh, is clean", async () => {
  await using app = await TestApp.start({ settings: { drain_timeout: "100ms" } });
  app.mirror.behave("*", { kind: "hangBeforeHeaders" });
  const client = app.get("/core/os/x86_64/core.db").catch(() => null);
  await app.mirror.waitForRequest();
  await app.stop();
  await client;
});
