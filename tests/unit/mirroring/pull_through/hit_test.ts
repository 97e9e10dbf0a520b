import { assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LAST_MODIFIED } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { syncDbBytes } from "../../../support/sync_db_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";
import { until } from "../../../support/until.ts";

const LARGE = "/core/os/x86_64/large-1-1-x86_64.pkg.tar.zst";
const SMALL = "/core/os/x86_64/small-1-1-any.pkg.tar.zst";
const SIZES: Record<string, number> = { [LARGE]: 1_500_000, [SMALL]: 1_000 };
const bytes = (path: string) => packageBytes(SIZES[path]!, SIZES[path]!);

async function warmApp(): Promise<TestApp> {
  const app = await TestApp.start();
  for (const path of [LARGE, SMALL]) {
    app.put(path, bytes(path));
    await app.warm(path);
  }
  return app;
}

Deno.test("a hit has every header that clients use", async () => {
  await using app = await warmApp();
  for (const path of [LARGE, SMALL]) {
    const { status, headers, body } = await app.get(path);
    assertEquals(status, 200);
    assertEquals(body, bytes(path));
    assertEquals(headers.get("content-length"), String(SIZES[path]));
    assertEquals(headers.get("content-type"), "application/zstd");
    assertEquals(headers.get("last-modified"), DEFAULT_LAST_MODIFIED.toUTCString());
    assertMatch(headers.get("etag") ?? "", /^"[^"]+"$/);
    assertEquals(headers.get("accept-ranges"), "bytes");
    assertEquals(headers.get("x-cache"), "HIT");
    assertEquals(app.count(path), 1);
  }
});

Deno.test("HEAD returns the headers of GET and no body", async () => {
  await using app = await warmApp();
  for (const path of [LARGE, SMALL]) {
    // Deno before 2.8 adds Vary to responses with a body.
    const withoutDate = (headers: Headers) =>
      [...headers].filter(([name]) => name !== "date" && name !== "vary");
    const got = await app.get(path);
    const head = await app.request("HEAD", path);
    assertEquals(head.status, 200);
    assertEquals(head.body.length, 0);
    assertEquals(withoutDate(head.headers), withoutDate(got.headers));
  }
});

Deno.test("every form of a single range returns exactly those bytes", async () => {
  await using app = await warmApp();
  for (const path of [LARGE, SMALL]) {
    const size = SIZES[path]!;
    for (
      const [range, start, end] of [
        ["0-0", 0, 0],
        ["1-99", 1, 99],
        [`${size - 1}-`, size - 1, size - 1],
        ["17-", 17, size - 1],
        ["-5", size - 5, size - 1],
        [`-${size + 1}`, 0, size - 1],
        [`10-${size + 999}`, 10, size - 1],
        ["3-900", 3, 900],
        [`1-${size - 2}`, 1, size - 2],
      ] as const
    ) {
      const { status, headers, body } = await app.get(path, { range: `bytes=${range}` });
      assertEquals(status, 206, range);
      assertEquals(headers.get("content-range"), `bytes ${start}-${end}/${size}`);
      assertEquals(headers.get("content-length"), String(end - start + 1));
      assertEquals(headers.get("x-cache"), "HIT");
      assertEquals(body, bytes(path).slice(start, end + 1));
    }
  }
});

Deno.test("a range after the end is 416 with the size", async () => {
  await using app = await warmApp();
  for (const range of [`bytes=${SIZES[SMALL]}-`, "bytes=5000-6000", "bytes=-0"]) {
    const { status, headers, body } = await app.get(SMALL, { range });
    assertEquals(status, 416);
    assertEquals(headers.get("content-range"), `bytes */${SIZES[SMALL]}`);
    assertEquals(body.length, 0);
  }
});

Deno.test("several ranges, another unit and nonsense get the whole file", async () => {
  await using app = await warmApp();
  for (const range of ["bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=", "x"]) {
    const { status, headers, body } = await app.get(SMALL, { range });
    assertEquals(status, 200, range);
    assertEquals(headers.get("content-range"), null);
    assertEquals(body, bytes(SMALL));
  }
});

Deno.test("If-Range decides between the range and the whole file", async () => {
  await using app = await warmApp();
  const etag = (await app.request("HEAD", SMALL)).headers.get("etag")!;
  const date = DEFAULT_LAST_MODIFIED.toUTCString();
  for (
    const [ifRange, status] of [
      [etag, 206],
      [date, 206],
      ['"another"', 200],
      [`W/${etag}`, 200],
      [new Date(0).toUTCString(), 200],
      // A later date does not match: it must be exactly the same.
      [new Date(DEFAULT_LAST_MODIFIED.getTime() + 1000).toUTCString(), 200],
    ] as const
  ) {
    const answer = await app.get(SMALL, { "range": "bytes=10-19", "if-range": ifRange });
    assertEquals(answer.status, status, ifRange);
    assertEquals(answer.body, status === 206 ? bytes(SMALL).slice(10, 20) : bytes(SMALL));
  }
});

Deno.test("a client that has the file gets 304, and another one gets the file", async () => {
  await using app = await warmApp();
  const etag = (await app.request("HEAD", SMALL)).headers.get("etag")!;
  const at = (seconds: number) =>
    new Date(DEFAULT_LAST_MODIFIED.getTime() + seconds * 1000).toUTCString();
  for (
    const [headers, status] of [
      [{ "if-none-match": etag }, 304],
      [{ "if-none-match": `W/${etag}` }, 304],
      [{ "if-none-match": `"x", ${etag}` }, 304],
      [{ "if-none-match": "*" }, 304],
      [{ "if-none-match": '"x"' }, 200],
      // The tag wins over the date.
      [{ "if-none-match": '"x"', "if-modified-since": at(0) }, 200],
      [{ "if-modified-since": at(0) }, 304],
      [{ "if-modified-since": at(10) }, 304],
      [{ "if-modified-since": at(-1) }, 200],
      [{ "if-modified-since": "yesterday" }, 200],
      // A condition wins over a range.
      [{ "if-modified-since": at(0), "range": "bytes=1-2" }, 304],
    ] as [Record<string, string>, number][]
  ) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await app.request(method, SMALL, { headers });
      assertEquals(answer.status, status, JSON.stringify(headers));
      assertEquals(answer.body.length, status === 200 && method === "GET" ? SIZES[SMALL] : 0);
      if (status === 304) {
        assertEquals(answer.headers.get("etag"), etag);
        assertEquals(answer.headers.get("last-modified"), at(0));
      }
    }
  }
});

Deno.test("a file that replaces one of the same size and time has another ETag", async () => {
  await using app = await warmApp();
  const before = await app.get(SMALL);
  const path = app.pathOf(SMALL);
  const { mtime } = await Deno.stat(path);
  const other = packageBytes(SIZES[SMALL]!, 99);
  await Deno.writeFile(`${path}.new`, other);
  await Deno.utime(`${path}.new`, mtime!, mtime!);
  await Deno.rename(`${path}.new`, path);
  let after = before;
  // What others do to a file in memory is noticed within a second.
  await until("the other file is sent", async () => {
    after = await app.get(SMALL);
    return after.headers.get("etag") !== before.headers.get("etag");
  });
  assertEquals(after.body, other);
  assertEquals(after.headers.get("last-modified"), before.headers.get("last-modified"));
});

Deno.test("a file has the same ETag on a miss and on a hit", async () => {
  await using app = await TestApp.start();
  app.put(SMALL, bytes(SMALL));
  const miss = await app.warm(SMALL);
  const hit = await app.get(SMALL);
  assertEquals(miss.headers.get("etag"), hit.headers.get("etag"));
  assertEquals(hit.headers.get("x-cache"), "HIT");
});

Deno.test("a file without a date upstream has none here, and supports ranges", async () => {
  await using app = await TestApp.start();
  app.put(SMALL, bytes(SMALL), { lastModified: null });
  await app.warm(SMALL);
  const { headers } = await app.get(SMALL);
  assertEquals(headers.get("last-modified"), null);
  const part = await app.get(SMALL, { range: "bytes=100-" });
  assertEquals(part.status, 206);
  assertEquals(part.body, bytes(SMALL).slice(100));
});

Deno.test("small responses are sent with their length, not in chunks", async () => {
  await using app = await warmApp();
  for (const target of [SMALL, "/healthz", "/nothing", "/metrics", "/core/"]) {
    const { headers, body } = await app.get(target);
    assertEquals(headers.get("transfer-encoding"), null, target);
    assertEquals(headers.get("content-length"), String(body.length), target);
  }
});

Deno.test("files are sent unencoded, whatever encodings a client accepts", async () => {
  await using app = await TestApp.start();
  for (
    const name of ["core.db", "a-1-1-any.pkg.tar", "b-1-1-any.pkg.tar.zst", "c-1-1-any.pkg.tar.gz"]
  ) {
    const path = `/core/os/x86_64/${name}`;
    const body = name === "core.db" ? await syncDbBytes([]) : new Uint8Array(100_000).fill(65);
    if (name.endsWith(".zst")) body.set([0x28, 0xb5, 0x2f, 0xfd]);
    if (name.endsWith(".gz")) body.set([0x1f, 0x8b]);
    app.put(path, body);
    for (let round = 0; round < 2; round++) {
      const answer = await app.get(path, { "accept-encoding": "gzip, br, zstd" });
      assertEquals(answer.headers.get("content-encoding"), null);
      assertEquals(answer.headers.get("content-length"), String(body.length));
      assertMatch(answer.headers.get("etag") ?? "", /^"/);
      assertEquals(answer.body, body);
      await app.settled();
    }
  }
});

Deno.test("one connection serves one request after another", async () => {
  await using app = await warmApp();
  const { hostname, port } = new URL(app.origin);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const decoder = new TextDecoder("latin1");
  for (let round = 0; round < 3; round++) {
    const request = `GET ${SMALL} HTTP/1.1\r\nhost: x\r\nrange: bytes=0-9\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    let text = "";
    const buffer = new Uint8Array(4096);
    while (text.indexOf("\r\n\r\n") < 0 || text.length < text.indexOf("\r\n\r\n") + 14) {
      const count = await connection.read(buffer);
      text += decoder.decode(buffer.subarray(0, count!));
    }
    assertMatch(text, /^HTTP\/1\.1 206 /);
  }
});

Deno.test("a package that its database describes is accepted whatever its suffix, any other is not", async () => {
  await using app = await TestApp.start();
  const gzip = packageBytes(1000, 1);
  gzip.set([0x1f, 0x8b, 8, 0]);
  const [listed, unlisted] = ["/core/os/x86_64/a-1-1-any.pkg.tar.zst", SMALL] as const;
  for (const path of [listed, unlisted]) app.put(path, gzip);
  app.put(
    "/core/os/x86_64/core.db",
    await syncDbBytes([{
      name: "a",
      version: "1-1",
      fileName: "a-1-1-any.pkg.tar.zst",
      size: gzip.length,
      sha256: sha256Of(gzip),
    }]),
  );
  await app.warm("/core/os/x86_64/core.db");
  const { status, body } = await app.warm(listed);
  assertEquals([status, body], [200, gzip]);
  assertEquals((await app.get(unlisted)).status, 502);
});
