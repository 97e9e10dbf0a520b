// Whatever a client says in its headers, a cached file is answered by RFC 9110, with its own bytes.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { packageBytes } from "../../support/package_bytes.ts";
import { assertSameBytes } from "../../support/same_bytes.ts";
import { TestApp } from "../../support/test_app.ts";

const SIZE = 200_000;
const PATH = "/core/os/x86_64/a-1-1-any.pkg.tar.zst";
const bytes = packageBytes(SIZE, 1);

const NUMBER = fc.oneof(
  fc.nat(SIZE + 10),
  fc.constantFrom(0, SIZE - 1, SIZE, SIZE + 1),
  fc.constant("99999999999999999999"),
);
const RANGE = fc.oneof(
  fc.tuple(NUMBER, NUMBER).map(([first, last]) => `bytes=${first}-${last}`),
  NUMBER.map((first) => `bytes=${first}-`),
  NUMBER.map((suffix) => `bytes=-${suffix}`),
  fc.tuple(NUMBER, NUMBER).map(([first, last]) => `bytes=0-1,${first}-${last}`),
  fc.stringMatching(/^(bytes|lines)?[ =]?[0-9,\- ]{0,12}$/),
);
const DATE = fc.oneof(
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2099-01-01") })
    .map((date) => date.toUTCString()),
  fc.constantFrom("yesterday", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"),
  fc.stringMatching(/^[\x21-\x7e]{1,20}$/),
);
const TAG = fc.oneof(
  fc.constantFrom("*", '"a"', 'W/"a"', '"a", "b"', '"', "W/"),
  fc.stringMatching(/^[\x21-\x7e]{1,20}$/),
);
const HEADERS = fc.record({
  "range": RANGE,
  "if-range": fc.oneof(DATE, TAG),
  "if-modified-since": DATE,
  "if-unmodified-since": DATE,
  "if-none-match": TAG,
  "if-match": TAG,
  "accept-encoding": fc.constantFrom("gzip", "*", "identity;q=0"),
}, { requiredKeys: [] });

Deno.test("any conditions and ranges are answered with bytes of the file, or with none", async () => {
  await using app = await TestApp.start();
  app.put(PATH, bytes);
  await app.warm(PATH);
  await fc.assert(
    fc.asyncProperty(HEADERS, fc.constantFrom("GET", "HEAD"), async (headers, method) => {
      const sent = Object.fromEntries(Object.entries(headers));
      const answer = await app.request(method, PATH, { headers: sent as Record<string, string> });
      const { status, headers: received, body, isComplete } = answer;
      assert([200, 206, 304, 412, 416].includes(status), String(status));
      assert(isComplete && !received.has("content-encoding"));
      if (status === 206) {
        const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(received.get("content-range")!)!;
        const [start, end, total] = match.slice(1).map(Number);
        assertEquals([total, "range" in headers], [SIZE, true]);
        if (method === "GET") assertSameBytes(body, bytes.subarray(start, end! + 1));
      } else if (status === 200) {
        assertEquals(received.get("content-length"), String(SIZE));
        if (method === "GET") assertSameBytes(body, bytes);
      } else assertEquals(body.length, 0);
    }),
    { numRuns: 400 },
  );
  assertEquals(app.count(PATH), 1);
});
