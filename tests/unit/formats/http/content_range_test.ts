import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ContentRange,
  formatContentRange,
  parseContentRange,
} from "../../../../src/formats/http/content_range.ts";

Deno.test("a Content-Range is read, and not believed when it contradicts itself", async (t) => {
  const cases: [string | null, ContentRange | null][] = [
    ["bytes 0-9/10", { range: { start: 0, end: 9 }, total: 10 }],
    ["bytes 5-5/10", { range: { start: 5, end: 5 }, total: 10 }],
    ["BYTES 5-6/10", { range: { start: 5, end: 6 }, total: 10 }],
    ["bytes 5-6/*", { range: { start: 5, end: 6 }, total: null }],
    ["bytes */10", { range: null, total: 10 }],
    ["bytes */0", { range: null, total: 0 }],
    ["bytes */*", null],
    ["bytes 6-5/10", null],
    ["bytes 0-10/10", null],
    ["bytes 0-9/99999999999999999999", null],
    ["bytes 0-99999999999999999999/*", null],
    ["bytes 0-9", null],
    ["bytes=0-9/10", null],
    ["bytes -9/10", null],
    ["items 0-9/10", null],
    ["", null],
    [null, null],
  ];
  for (const [header, expected] of cases) {
    await t.step(String(header), () => assertEquals(parseContentRange(header), expected));
  }
});

Deno.test("what is written is read back", () => {
  const sizes = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  fc.assert(fc.property(sizes, ([start, length, rest]) => {
    const range = { start, end: start + length };
    const total = start + length + 1 + rest;
    assertEquals(parseContentRange(formatContentRange(range, total)), { range, total });
    assertEquals(parseContentRange(formatContentRange(null, total)), { range: null, total });
  }));
});

Deno.test("no text breaks the reader", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (const header of [text, `bytes ${text}`]) {
      const parsed = parseContentRange(header);
      assert(parsed === null || parsed.range !== null || parsed.total !== null);
    }
  }));
});
