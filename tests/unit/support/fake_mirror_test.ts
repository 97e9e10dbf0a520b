import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Behaviour,
  DEFAULT_LAST_MODIFIED,
  FakeMirror,
  Gate,
} from "../../support/fake_mirror.ts";
import { packageBytes } from "../../support/package_bytes.ts";

const PATH = "/extra/os/x86_64/tool-1.0-1-any.pkg.tar.zst";
const BODY = packageBytes(200_000, 7);
const ETAG = `"${(DEFAULT_LAST_MODIFIED.getTime() / 1000).toString(16)}-30d40"`;

async function mirrorWithFile(...behaviours: Behaviour[]): Promise<FakeMirror> {
  const mirror = await FakeMirror.start();
  mirror.put(PATH, BODY);
  if (behaviours.length > 0) mirror.behave(PATH, behaviours);
  return mirror;
}

// Uses its own HTTP client, so that no pooled connection outlives the test.
async function get(
  mirror: FakeMirror,
  headers: HeadersInit = {},
  method = "GET",
): Promise<{ status: number; headers: Headers; body: Uint8Array }> {
  using client = Deno.createHttpClient({});
  const response = await fetch(new URL(PATH, mirror.url), {
    client,
    headers,
    method,
    redirect: "manual",
  });
  return {
    status: response.status,
    headers: response.headers,
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

/** Sends text over TCP and returns everything up to the end of the connection. */
async function raw(mirror: FakeMirror, text: string): Promise<string> {
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(mirror.url).port),
  });
  await connection.write(new TextEncoder().encode(text));
  return new TextDecoder("latin1").decode(
    new Uint8Array(await new Response(connection.readable).arrayBuffer()),
  );
}

Deno.test("a file is served completely, with its length and validators", async () => {
  await using mirror = await mirrorWithFile();
  const { status, headers, body } = await get(mirror);
  assertEquals(status, 200);
  assertEquals(headers.get("content-length"), "200000");
  assertEquals(headers.get("last-modified"), DEFAULT_LAST_MODIFIED.toUTCString());
  assertEquals(headers.get("etag"), ETAG);
  assertEquals(headers.get("accept-ranges"), "bytes");
  assertEquals(body, BODY);
  assertEquals(mirror.bytesSent, BODY.length);
  assertEquals(mirror.requests.map(({ method, path }) => [method, path]), [["GET", PATH]]);
});

Deno.test("HEAD returns the headers of GET without a body", async () => {
  await using mirror = await mirrorWithFile();
  const head = await get(mirror, {}, "HEAD");
  assertEquals([head.status, head.headers.get("content-length")], [200, "200000"]);
  assertEquals(mirror.bytesSent, 0);
});

Deno.test("a removed file is a 404", async () => {
  await using mirror = await mirrorWithFile();
  mirror.remove(PATH);
  assertEquals((await get(mirror)).status, 404);
});

Deno.test("ranges and conditions are honoured", async (t) => {
  const date = DEFAULT_LAST_MODIFIED.toUTCString();
  const older = new Date(DEFAULT_LAST_MODIFIED.getTime() - 1000).toUTCString();
  const cases: [Record<string, string>, number, string | null][] = [
    [{ range: "bytes=10-19" }, 206, "bytes 10-19/200000"],
    [{ range: "bytes=199990-" }, 206, "bytes 199990-199999/200000"],
    [{ range: "bytes=-5" }, 206, "bytes 199995-199999/200000"],
    [{ range: "bytes=0-999999" }, 206, "bytes 0-199999/200000"],
    [{ range: "bytes=200000-" }, 416, "bytes */200000"],
    [{ range: "bytes=0-1,5-6" }, 200, null],
    [{ range: "bytes=5-", "if-range": date }, 206, "bytes 5-199999/200000"],
    [{ range: "bytes=5-", "if-range": ETAG }, 206, "bytes 5-199999/200000"],
    [{ range: "bytes=5-", "if-range": older }, 200, null],
    [{ range: "bytes=5-", "if-range": '"other"' }, 200, null],
    [{ "if-modified-since": date }, 304, null],
    [{ "if-modified-since": older }, 200, null],
    [{ "if-none-match": ETAG }, 304, null],
    [{ "if-none-match": '"other"', "if-modified-since": date }, 200, null],
  ];
  await using mirror = await mirrorWithFile();
  for (const [headers, status, contentRange] of cases) {
    await t.step(JSON.stringify(headers), async () => {
      const response = await get(mirror, headers);
      assertEquals([response.status, response.headers.get("content-range")], [
        status,
        contentRange,
      ]);
      if (status !== 206) return;
      const [, start, end] = /(\d+)-(\d+)/.exec(contentRange!)!.map(Number);
      assertEquals(response.body, BODY.slice(start, end! + 1));
    });
  }
});

Deno.test("raw and percent-encoded paths are the same file, and requests keep their spelling", async () => {
  await using mirror = await FakeMirror.start();
  mirror.put("/extra/gtk2+x-1:2@3.pkg", new Uint8Array([1]));
  const responses = await raw(
    mirror,
    "GET /extra/gtk2+x-1:2@3.pkg HTTP/1.1\r\n\r\n" +
      "GET /extra/gtk2%2Bx-1%3a2%403.pkg HTTP/1.1\r\nConnection: close\r\n\r\n",
  );
  assertEquals(responses.match(/HTTP\/1\.1 200/g)?.length, 2);
  assertEquals(mirror.count("/extra/gtk2+x-1:2@3.pkg", "GET"), 2);
  assertEquals(mirror.requests[1]!.path, "/extra/gtk2%2Bx-1%3a2%403.pkg");
});

Deno.test("a behaviour can replace the whole response", async (t) => {
  const cases: [Behaviour, (response: Awaited<ReturnType<typeof get>>) => void][] = [
    [{ kind: "status", code: 503 }, ({ status }) => assertEquals(status, 503)],
    [{ kind: "html" }, ({ status, headers }) => {
      assertEquals([status, headers.get("content-type")], [200, "text/html"]);
    }],
    [{ kind: "empty" }, ({ status, headers, body }) => {
      assertEquals([status, headers.get("content-length"), body.length], [200, "0", 0]);
    }],
    [{ kind: "redirect", url: "http://127.0.0.1:1/x" }, ({ status, headers }) => {
      assertEquals([status, headers.get("location")], [302, "http://127.0.0.1:1/x"]);
    }],
    [{ kind: "noValidators" }, ({ headers }) => {
      assertEquals([headers.get("etag"), headers.get("last-modified")], [null, null]);
    }],
    [{ kind: "wrongLength", difference: -10 }, ({ headers, body }) => {
      assertEquals([headers.get("content-length"), body.length], ["199990", 199_990]);
    }],
    [{ kind: "noLength" }, ({ headers, body }) => {
      assertEquals([headers.get("content-length"), body], [null, BODY]);
    }],
    [{ kind: "closeDelimited" }, ({ headers, body }) => {
      assertEquals([headers.get("content-length"), body], [null, BODY]);
    }],
    [{ kind: "slow", bytesPerSecond: 4_000_000, stepMilliseconds: 5 }, ({ body }) => {
      assertEquals(body, BODY);
    }],
  ];
  for (const [behaviour, check] of cases) {
    await t.step(behaviour.kind, async () => {
      await using mirror = await mirrorWithFile(behaviour);
      check(await get(mirror));
    });
  }
});

Deno.test("a behaviour can ignore a range, or send the wrong one", async () => {
  await using mirror = await mirrorWithFile({ kind: "ignoreRange" });
  assertEquals((await get(mirror, { range: "bytes=5-" })).status, 200);
  mirror.behave(PATH, { kind: "wrongContentRange" });
  const response = await get(mirror, { range: "bytes=5-" });
  assertEquals(response.headers.get("content-range"), "bytes 6-199999/200000");
});

Deno.test("a behaviour can break a transfer at an exact byte", async (t) => {
  const cases: Behaviour[] = [
    { kind: "cutAfter", bytes: 100_000 },
    { kind: "wrongLength", difference: 10 },
    { kind: "refuse" },
  ];
  for (const behaviour of cases) {
    await t.step(behaviour.kind, async () => {
      await using mirror = await mirrorWithFile(behaviour);
      await assertRejects(() => get(mirror));
      if (behaviour.kind === "cutAfter") assertEquals(mirror.bytesSent, 100_000);
    });
  }
  await t.step("cutAfter with closeDelimited", async () => {
    await using mirror = await mirrorWithFile(
      { kind: "closeDelimited" },
      { kind: "cutAfter", bytes: 1234 },
    );
    assertEquals((await get(mirror)).body, BODY.slice(0, 1234));
  });
});

Deno.test("a Content-Encoding label does not change the bytes", async () => {
  await using mirror = await mirrorWithFile({ kind: "contentEncoding", label: "gzip" });
  const response = await raw(mirror, `GET ${PATH} HTTP/1.1\r\nConnection: close\r\n\r\n`);
  assert(response.includes("\r\nContent-Encoding: gzip\r\n"));
  assertEquals(response.length - response.indexOf("\r\n\r\n") - 4, BODY.length);
});

Deno.test("a stalled response keeps its connection until the client disconnects, which is counted", async () => {
  await using mirror = await mirrorWithFile({ kind: "stallAfter", bytes: 1000 });
  using client = Deno.createHttpClient({});
  const controller = new AbortController();
  const response = await fetch(new URL(PATH, mirror.url), { client, signal: controller.signal });
  const reader = response.body!.getReader();
  assertEquals((await reader.read()).value?.length, 1000);
  assertEquals([mirror.openConnections, mirror.abandoned], [1, 0]);
  controller.abort();
  await assertRejects(() => reader.read());
  await mirror.waitForAbandoned();
  await mirror.waitForNoConnections();
  assertEquals(mirror.abandoned, 1);
});

Deno.test("gates hold a response before its head and midway", async () => {
  const before = new Gate();
  const midway = new Gate();
  await using mirror = await mirrorWithFile(
    { kind: "hangBeforeHeaders", gate: before },
    { kind: "gate", gate: midway, bytes: 50_000 },
  );
  const response = get(mirror);
  await before.reached;
  assertEquals(mirror.bytesSent, 0);
  before.release();
  await midway.reached;
  assertEquals(mirror.bytesSent, 50_000);
  midway.release();
  assertEquals((await response).body, BODY);
  assertEquals(mirror.abandoned, 0);
});

Deno.test("disposing of a mirror ends hanging responses", async () => {
  const mirror = await mirrorWithFile({ kind: "hangBeforeHeaders" });
  const rejected = assertRejects(() => get(mirror));
  await mirror.waitForRequest(PATH);
  await mirror[Symbol.asyncDispose]();
  await rejected;
  assertEquals(mirror.abandoned, 0);
});

Deno.test("behaviours for a number of requests come before the lasting one, and a path before *", async () => {
  await using mirror = await mirrorWithFile();
  mirror.behave("*", { kind: "status", code: 500 });
  mirror.behave(PATH, { kind: "status", code: 503 }, 2);
  mirror.behave(PATH, { kind: "status", code: 404 }, 1);
  const statuses: number[] = [];
  for (let request = 0; request < 4; request++) statuses.push((await get(mirror)).status);
  mirror.behave(PATH, { kind: "correct" });
  statuses.push((await get(mirror)).status);
  assertEquals(statuses, [503, 503, 404, 500, 200]);
});

Deno.test("a mirror that is down refuses connections, and is up again on the same port", async () => {
  await using mirror = await mirrorWithFile();
  const url = mirror.url;
  await get(mirror);
  await mirror.down();
  await assertRejects(() => get(mirror));
  await mirror.up();
  assertEquals(mirror.url, url);
  assertEquals((await get(mirror)).status, 200);
  assertEquals(mirror.count(PATH), 2);
});

Deno.test("connections are kept alive and reused", async () => {
  await using mirror = await mirrorWithFile();
  const { hostname, port } = new URL(mirror.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  for (let request = 1; request <= 3; request++) {
    await connection.write(
      new TextEncoder().encode(`HEAD ${PATH} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`),
    );
    let response = "";
    while (!response.endsWith("\r\n\r\n")) {
      const buffer = new Uint8Array(4096);
      response += new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
    }
    assert(response.startsWith("HTTP/1.1 200"));
    assertEquals([mirror.count(PATH), mirror.openConnections], [request, 1]);
  }
});
