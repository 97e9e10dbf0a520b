// Whatever a mirror answers, a client gets the right bytes, or learns that it did not.
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { packageBytes } from "../../../support/package_bytes.ts";
import { PublishedRepository } from "../../../support/published_repository.ts";
import { TestApp } from "../../../support/test_app.ts";

const RUNS = 80;
const SIZE = 3_000;

/** A mirror that answers every request with the same bytes and closes. */
class RawMirror implements AsyncDisposable {
  answer: Uint8Array = new Uint8Array();
  requests = 0;
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;

  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#accepting = this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.requests += 1;
      try {
        await connection.read(new Uint8Array(8192));
        const { answer } = this;
        for (let at = 0; at < answer.length;) at += await connection.write(answer.subarray(at));
      } catch {
        // The client has disconnected.
      }
      connection.close();
    }
  }
}

const LINE = fc.oneof(
  fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.1 206 Partial Content", "HTTP/1.1 200 OK"),
  fc.constantFrom("HTTP/1.0 200 OK", "HTTP/1.1 204 x", "HTTP/1.1 304 x", "HTTP/1.1 416 x"),
  fc.constantFrom("HTTP/1.1 999 x", "HTTP/1.1 100 Continue", "ICY 200 OK", "", "\0"),
  fc.integer({ min: 100, max: 699 }).map((status) => `HTTP/1.1 ${status} x`),
);
const HEADER = fc.oneof(
  fc.constantFrom(`Content-Length: ${SIZE}`, `Content-Length: ${SIZE}`, "Content-Length: 0"),
  fc.constantFrom("Content-Length: -1", "Content-Length: 1e3", "Content-Length: 99999999999999"),
  fc.constantFrom("Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Connection: close"),
  fc.constantFrom("Content-Encoding: gzip", "Content-Encoding: br", "Content-Type: text/html"),
  fc.constantFrom(`Content-Range: bytes 0-${SIZE - 1}/${SIZE}`, "Content-Range: bytes 5-4/3"),
  fc.constantFrom("Content-Range: bytes */*", "Content-Range: x", "Content-Range: bytes 1-9/*"),
  fc.constantFrom("Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT", "Last-Modified: 0", "ETag: W/"),
  fc.constantFrom("Retry-After: -1", "Retry-After: 1e9", "Location: /x", "Location: http://[", "x"),
  fc.stringMatching(/^[A-Za-z-]{1,10}: [\x20-\x7e]{0,30}$/),
);
/** What the body is made of: parts of the file, and others. */
const PART = fc.oneof(
  fc.constant("file" as const),
  fc.record({ from: fc.nat(SIZE), length: fc.nat(SIZE) }),
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom("0\r\n\r\n", `${SIZE.toString(16)}\r\n`, "<!DOCTYPE html>", "\r\n"),
);

Deno.test("any response of a mirror leads to the right bytes, or to a failure that clients notice", async () => {
  await using app = await TestApp.start({
    mirrors: 2,
    settings: { answer_timeout: "4s", refresh_interval: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const other = app.mirrors[1]!;
  await other.down();
  await using mirror = new RawMirror(Number(new URL(other.url).port));
  const core = new PublishedRepository(app.mirror);
  for (let run = 0; run < RUNS * 2; run++) core.set(`p${run}`, 1, { size: SIZE, seed: run });
  await core.publish();
  await app.get(core.path("core.db"));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      LINE,
      fc.array(HEADER, { maxLength: 4 }),
      fc.array(PART, { maxLength: 3 }),
      async (line, headers, parts) => {
        const name = `p${run++ % (RUNS * 2)}`;
        const bytes = core.bytesOf(name);
        const path = core.package(name, 1);
        // Only the other mirror has it.
        app.mirror.remove(path);
        mirror.answer = concat([
          new TextEncoder().encode(`${[line, ...headers].join("\r\n")}\r\n\r\n`),
          ...parts.map((part) => bytesOf(part, bytes)),
        ]);
        const { status, body, isComplete } = await app.get(path);
        assert([200, 404, 502, 504].includes(status), `status ${status}`);
        if (status === 200 && isComplete) assertEquals(body, bytes);
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  assertEquals(app.log.matching(/ ERROR |stack=/), []);
  assert(mirror.requests > RUNS / 2, `${mirror.requests} requests`);
});

function bytesOf(
  part: "file" | string | Uint8Array | { from: number; length: number },
  file: Uint8Array,
): Uint8Array {
  if (part === "file") return file;
  if (typeof part === "string") return new TextEncoder().encode(part);
  return part instanceof Uint8Array ? part : file.subarray(part.from, part.from + part.length);
}

Deno.test("bytes of a database that any mirror may have sent are a database or refused", async () => {
  await using app = await TestApp.start({
    settings: { refresh_interval: "0", database_max_age: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
  });
  const core = new PublishedRepository(app.mirror).set("a", 1);
  await core.publish();
  const path = core.path("core.db");
  const good = (await app.get(path)).body;
  const noise = packageBytes(4_000, 9);
  const offered = fc.oneof(
    fc.tuple(fc.nat(good.length), fc.nat(255)).map(([at, value]) => {
      const edited = good.slice();
      if (at < edited.length) edited[at] = value;
      return edited;
    }),
    fc.nat(good.length).map((length) => good.subarray(0, length)),
    fc.nat(noise.length).map((length) => noise.subarray(0, length)),
    fc.constantFrom(new Uint8Array(100), new TextEncoder().encode("<!DOCTYPE html><p>Sign in")),
  );
  let day = 1;
  await fc.assert(
    fc.asyncProperty(offered, async (bytes) => {
      app.mirror.put(path, bytes, { lastModified: new Date(Date.UTC(2026, 10, 2, 0, day++)) });
      const { status, body } = await app.get(path);
      assertEquals(status, 200);
      const isWhole = body.length === good.length && body.every((byte, at) => byte === good[at]);
      // One byte of the header of gzip may be anything: the content is the same.
      assert(isWhole || body.length === good.length, `${body.length} bytes`);
    }),
    { numRuns: 40, endOnFailure: true },
  );
  assertEquals(app.log.matching(/ ERROR |stack=/), []);
});
