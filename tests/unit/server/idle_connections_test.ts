import { assertEquals } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const REQUEST = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/** Sends text on a new connection, and waits until the server closes it. Returns what it sent. */
async function untilClosed(app: TestApp, text: string): Promise<string> {
  const { hostname, port } = new URL(app.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(4096);
  let received = "";
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return received;
    received += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

Deno.test("a connection without a complete request is closed after idle_timeout", async (t) => {
  await using app = await TestApp.start({ settings: { idle_timeout: "200ms" } });
  for (
    const text of [
      "",
      "G",
      "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
  ) {
    await t.step(JSON.stringify(text), async () => {
      assertEquals((await untilClosed(app, text)).includes("200 OK"), false);
    });
  }
});

Deno.test("a connection is closed after idle_timeout when its requests are answered", async (t) => {
  await using app = await TestApp.start({ settings: { idle_timeout: "200ms" } });
  for (const text of [REQUEST, REQUEST + REQUEST, `${REQUEST}GET /heal`]) {
    await t.step(JSON.stringify(text), async () => {
      const answers = (await untilClosed(app, text)).match(/200 OK/g) ?? [];
      assertEquals(answers.length, text.split(REQUEST).length - 1);
    });
  }
});

Deno.test("a client that waits for its transfer, or reads slowly, is not idle", async () => {
  await using app = await TestApp.start({ settings: { idle_timeout: "200ms" } });
  const bytes = packageBytes(8_000_000, 1);
  app.put(PATH, bytes);
  await app.warm(PATH);
  const gate = new Gate();
  const miss = PATH.replace("foo", "bar");
  app.put(miss, bytes);
  app.mirror.behave(miss, { kind: "gate", gate, bytes: 100_000 }, 1);
  using waiting = await app.open(miss);
  await waiting.peek(1);
  using slow = await app.open(PATH);
  await slow.peek(1);
  // Two that came after them are closed, so their own time has long passed.
  await untilClosed(app, "");
  await untilClosed(app, "");
  gate.release();
  for (const client of [waiting, slow]) {
    const { isComplete, body } = await client.finish();
    assertEquals([isComplete, body.length], [true, bytes.length]);
  }
});
