import { assertEquals, assertRejects } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { beforeTimeouts } from "../../support/patience.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const SIZE = 2_000_000;
const bytes = packageBytes(SIZE, 1);

Deno.test("a stop lets a transfer finish and accepts no new connections", async () => {
  await using app = await TestApp.start();
  const gate = new Gate();
  app.put(PATH, bytes);
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: 100_000 }, 1);
  using client = await app.open(PATH);
  await client.peek(1);
  const stopped = app.stop();
  // Refused, or reset if it arrives just as the listener closes.
  await assertRejects(() => app.get("/healthz"));
  gate.release();
  const response = await client.finish();
  assertEquals([response.isComplete, response.body], [true, bytes]);
  await stopped;
});

Deno.test("idle connections do not delay a stop", async () => {
  await using app = await TestApp.start();
  const { hostname, port } = new URL(app.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"));
  await connection.read(new Uint8Array(1000));
  using _silent = await Deno.connect({ hostname, port: Number(port) });
  await beforeTimeouts(app.stop());
});

Deno.test("a transfer cut off by drain_timeout is resumed after a restart", async () => {
  await using cache = await TempFolder.create();
  const cacheRoot = cache.path;
  const sent = 1_000_000;
  {
    await using app = await TestApp.start({
      cacheRoot,
      settings: { drain_timeout: "200ms" },
    });
    app.put(PATH, bytes);
    app.mirror.behave(PATH, { kind: "stallAfter", bytes: sent }, 1);
    using client = await app.open(PATH);
    await client.peek(sent - 1);
    await beforeTimeouts(app.stop());
    assertEquals((await client.finish()).isComplete, false);
    assertEquals(app.log.matching(/transfers aborted/).length, 1);
  }
  {
    await using app = await TestApp.start({ cacheRoot });
    app.put(PATH, bytes);
    const response = await app.get(PATH);
    assertEquals([response.status, response.body], [200, bytes]);
    const range = app.mirror.requests[0]!.headers.get("range") ?? "";
    const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    assertEquals(start > 0 && start < sent, true, range);
    assertEquals(app.count(PATH), 1);
  }
});

Deno.test("a client that does not read its cached file cannot delay a stop beyond drain_timeout", async () => {
  await using app = await TestApp.start({ settings: { drain_timeout: "200ms" } });
  app.put(PATH, packageBytes(24_000_000, 1));
  await app.warm(PATH);
  using client = await app.open(PATH);
  await client.peek(1);
  await beforeTimeouts(app.stop());
  client.close();
  await app.log.waitFor(/INFO request .*pkg\.tar/, 2);
});

Deno.test("a transfer without a client does not delay a stop", async () => {
  await using app = await TestApp.start();
  app.put(PATH, bytes);
  app.mirror.behave(PATH, { kind: "stallAfter", bytes: 100_000 }, 1);
  const client = await app.open(PATH);
  await client.peek(1);
  client.close();
  await beforeTimeouts(app.stop());
});

Deno.test("a stop in the middle of a database refresh leaves nothing open", async () => {
  await using app = await TestApp.start({ settings: { drain_timeout: "100ms" } });
  app.mirror.behave("*", { kind: "hangBeforeHeaders" });
  const client = app.get("/core/os/x86_64/core.db").catch(() => null);
  await app.mirror.waitForRequest();
  await app.stop();
  await client;
});
