import { assertEquals } from "@std/assert";
import { TOKEN, untilAwaited } from "../../../support/administration.ts";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-x86_64.pkg.tar.zst";
const SIZE = 1_000_000;
const bytes = packageBytes(SIZE, 1);

/** An application whose mirror stops at the gate after `sent` bytes. */
async function inFlight(sent: number): Promise<{ app: TestApp; gate: Gate }> {
  const app = await TestApp.start({ token: TOKEN });
  const gate = new Gate();
  app.put(PATH, bytes);
  app.mirror.behave(PATH, { kind: "gate", gate, bytes: sent }, 1);
  return { app, gate };
}

Deno.test("simultaneous clients cost one request upstream: one MISS, the others JOIN", async () => {
  const { app, gate } = await inFlight(0);
  await using _ = app;
  const clients = Array.from({ length: 20 }, () => app.get(PATH));
  await untilAwaited(app.origin, 20);
  gate.release();
  const answers = await Promise.all(clients);
  for (const { status, body, isComplete } of answers) {
    assertEquals([status, isComplete], [200, true]);
    assertEquals(body, bytes);
  }
  const marks = answers.map(({ headers }) => headers.get("x-cache")).sort();
  assertEquals(marks, [...Array(19).fill("JOIN"), "MISS"]);
  assertEquals(app.count(PATH), 1);
  await app.settled();
  assertEquals((await app.get(PATH)).headers.get("x-cache"), "HIT");
  assertEquals(app.count(PATH), 1);
});

Deno.test("the first bytes are sent before the others have arrived", async () => {
  const { app, gate } = await inFlight(300_000);
  await using _ = app;
  using client = await app.open(PATH);
  assertEquals((await client.head()).headers.get("content-length"), String(SIZE));
  const begun = await client.peek(299_999);
  assertEquals(begun.slice(0, 299_999), bytes.slice(0, 299_999));
  gate.release();
  assertEquals((await client.finish()).body, bytes);
});

Deno.test("HEAD, conditional requests and 416 are answered before a file in flight is complete", async () => {
  const { app, gate } = await inFlight(10_000);
  await using _ = app;
  using first = await app.open(PATH);
  const { headers } = await first.head();
  const head = await app.request("HEAD", PATH);
  assertEquals([head.status, head.headers.get("x-cache")], [200, "JOIN"]);
  assertEquals(head.headers.get("content-length"), String(SIZE));
  assertEquals(head.headers.get("etag"), headers.get("etag"));
  const known = await app.get(PATH, { "if-none-match": headers.get("etag")! });
  assertEquals(known.status, 304);
  const dated = await app.get(PATH, { "if-modified-since": headers.get("last-modified")! });
  assertEquals(dated.status, 304);
  const beyond = await app.get(PATH, { range: `bytes=${SIZE}-` });
  assertEquals([beyond.status, beyond.headers.get("content-range")], [416, `bytes */${SIZE}`]);
  gate.release();
  assertEquals((await first.finish()).body, bytes);
  assertEquals(app.count(PATH), 1);
});

Deno.test("a client that leaves midway does not disturb the others", async () => {
  const { app, gate } = await inFlight(300_000);
  await using _ = app;
  using leaver = await app.open(PATH);
  await leaver.peek(1);
  using stayer = await app.open(PATH);
  await stayer.peek(1);
  leaver.close();
  gate.release();
  assertEquals((await stayer.finish()).body, bytes);
  assertEquals(app.count(PATH), 1);
});

Deno.test("a file arrives in the cache even if its only client has left", async (t) => {
  for (const sent of [null, 300_000]) {
    await t.step(sent === null ? "before the response" : "midway", async () => {
      await using app = await TestApp.start();
      const gate = new Gate();
      app.put(PATH, bytes);
      app.mirror.behave(
        PATH,
        sent === null ? { kind: "hangBeforeHeaders", gate } : { kind: "gate", gate, bytes: sent },
        1,
      );
      const client = await app.open(PATH);
      await gate.reached;
      if (sent !== null) await client.peek(1);
      client.close();
      gate.release();
      await app.settled();
      const { body, headers } = await app.get(PATH);
      assertEquals(headers.get("x-cache"), "HIT");
      assertEquals(body, bytes);
      assertEquals(app.count(PATH), 1);
    });
  }
});

Deno.test("a client that stops reading does not delay the others", async () => {
  const size = 24_000_000;
  const large = packageBytes(size, 2);
  await using app = await TestApp.start();
  app.put(PATH, large);
  using idle = await app.open(PATH);
  await idle.peek(1);
  const { body, isComplete } = await app.get(PATH);
  assertEquals([isComplete, body.length], [true, size]);
  await app.settled();
  // Only what the idle client took counts as served: socket buffers and one chunk.
  const served = (await app.metrics()).get("pkgstash_bytes_served_total")!;
  assertEquals(served < 2 * size - 4_000_000, true, String(served));
  // It gets the rest from the finished file when it reads on.
  assertEquals((await idle.finish()).body, large);
});

Deno.test("different files are fetched concurrently", async () => {
  const { app, gate } = await inFlight(10);
  await using _ = app;
  const other = "/core/os/x86_64/bar-1-1-x86_64.pkg.tar.zst";
  app.put(other, packageBytes(5_000, 3));
  using waiting = await app.open(PATH);
  await gate.reached;
  assertEquals((await app.get(other)).body, packageBytes(5_000, 3));
  gate.release();
  assertEquals((await waiting.finish()).body, bytes);
});
