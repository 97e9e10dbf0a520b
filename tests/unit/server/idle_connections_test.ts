import { assertEquals } from "@std/assert";
import { Gate } from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const REQUEST = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload = ""): string {
  return String.fromCharCode(0, 0, payload.length, type, flags, 0, 0, 0, stream) + payload;
}

/** GET /healthz from a client that answers nothing; the header fields are RFC 7541's. */
const HTTP2_REQUEST = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) +
  frame(1, 5, 1, "\x82\x86\x04\x08/healthz\x41\x01x");

/** The bytes of a text, a character each. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}

/** Sends text on a new connection, and waits until the server closes it. Returns what it sent. */
async function untilClosed(app: TestApp, text: string): Promise<string> {
  const { hostname, port } = new URL(app.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(bytesOf(text));
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

Deno.test("peers that never complete an announced body keep few connections open", async (t) => {
  for (
    const [name, text] of [
      ["a body of HTTP/1.1", REQUEST.replace("\r\n\r\n", "\r\nContent-Length: 9\r\n\r\n")],
      ["the answer to a ping of HTTP/2", HTTP2_REQUEST],
    ] as const
  ) {
    await t.step(name, async () => {
      await using app = await TestApp.start({ settings: { idle_timeout: "200ms" } });
      const { hostname, port } = new URL(app.origin);
      const bytes = bytesOf(text);
      const peers = await Promise.all(Array.from({ length: 100 }, async () => {
        const connection = await Deno.connect({ hostname, port: Number(port) });
        await connection.write(bytes);
        return connection;
      }));
      let closed = 0;
      const enough = Promise.withResolvers<void>();
      const waiting = peers.map(async (connection) => {
        const buffer = new Uint8Array(4096);
        while (await connection.read(buffer).catch(() => null) !== null);
        if (++closed === 30) enough.resolve();
      });
      await enough.promise;
      for (const connection of peers) connection.close();
      await Promise.all(waiting);
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
