import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { entityTag, responseHead } from "../../../../src/formats/http/representation.ts";

const DATE = new Date("2026-11-01T12:00:00Z");
const FILE = {
  size: 100,
  lastModified: DATE,
  etag: entityTag(100, DATE, 7),
  contentType: "application/zstd",
};

const headOf = (headers: Record<string, string> = {}, method = "GET") =>
  responseHead(new Request("http://x/", { method, headers }), FILE);

Deno.test("an entity tag tells files apart by length, by time and by inode", () => {
  const tag = entityTag(100, DATE, 7);
  assertMatch(tag, /^"[^"]+"$/);
  assertEquals(entityTag(100, new Date(DATE.getTime() + 999), 7), tag);
  assertNotEquals(entityTag(101, DATE, 7), tag);
  assertNotEquals(entityTag(100, new Date(DATE.getTime() + 1000), 7), tag);
  assertNotEquals(entityTag(100, null, 7), tag);
  assertNotEquals(entityTag(100, DATE, 8), tag);
});

Deno.test("a range is honoured if If-Range names the file, and ignored otherwise", () => {
  const range = "bytes=10-19";
  const same = headOf({ range, "if-range": FILE.etag });
  assertEquals([same.status, same.range], [206, { start: 10, end: 19 }]);
  assertEquals(same.headers.get("content-range"), "bytes 10-19/100");
  assertEquals(same.headers.get("content-length"), "10");
  const other = headOf({ range, "if-range": entityTag(101, DATE, 7) });
  assertEquals([other.status, other.headers.get("content-length")], [200, "100"]);
});

Deno.test("a range behind the end is 416, with the length of the file", () => {
  const { status, headers } = headOf({ range: "bytes=100-" });
  assertEquals([status, headers.get("content-range")], [416, "bytes */100"]);
});

Deno.test("a HEAD has the length of the whole file, whatever range it names", () => {
  const { status, headers } = headOf({ range: "bytes=10-19" }, "HEAD");
  assertEquals([status, headers.get("content-length")], [200, "100"]);
});

Deno.test("a condition comes before a range", () => {
  assertEquals(headOf({ range: "bytes=10-", "if-none-match": FILE.etag }).status, 304);
  assertEquals(headOf({ range: "bytes=10-", "if-match": '"x"' }).status, 412);
});
