import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ContentRange,
  formatContentRange,
  parseContentRange,
  parseRange,
} from "../../../../src/formats/http/range.ts";

Deno.test("a Range header selects bytes, is unsatisfiable, or is ignored", async (t) => {
  const cases: [string | null, number, ReturnType<typeof parseRange>][] = [
    ["bytes=0-0", 100, { start: 0, end: 0 }],
    ["bytes=0-99", 100, { start: 0, end: 99 }],
    ["bytes=10-19", 100, { start: 10, end: 19 }],
    ["bytes=99-", 100, { start: 99, end: 99 }],
    ["bytes=0-", 100, { start: 0, end: 99 }],
    ["bytes=50-1000", 100, { start: 50, end: 99 }],
    ["bytes=50-99999999999999999999999", 100, { start: 50, end: 99 }],
    ["bytes=-1", 100, { start: 99, end: 99 }],
    ["bytes=-100", 100, { start: 0, end: 99 }],
    ["bytes=-1000", 100, { start: 0, end: 99 }],
    ["Bytes=1-2", 100, { start: 1, end: 2 }],
    ["bytes= 1-2 ", 100, { start: 1, end: 2 }],
    ["bytes=100-", 100, "unsatisfiable"],
    ["bytes=100-200", 100, "unsatisfiable"],
    ["bytes=99999999999999999999999-", 100, "unsatisfiable"],
    ["bytes=-0", 100, "unsatisfiable"],
    ["bytes=0-", 0, "unsatisfiable"],
    ["bytes=0-0", 0, "unsatisfiable"],
    ["bytes=-0", 0, "unsatisfiable"],
    ["bytes=-5", 0, null],
    [null, 100, null],
    ["", 100, null],
    ["bytes", 100, null],
    ["bytes=", 100, null],
    ["bytes=-", 100, null],
    ["bytes=5", 100, null],
    ["bytes=5-4", 100, null],
    ["bytes=a-b", 100, null],
    ["bytes=0x1-2", 100, null],
    ["bytes=1.5-2", 100, null],
    ["bytes=--5", 100, null],
    ["bytes=-5-", 100, null],
    ["bytes=+1-2", 100, null],
    ["bytes 1-2", 100, null],
    ["bytes=0-1,5-6", 100, null],
    ["bytes=0-1,", 100, null],
    ["items=0-1", 100, null],
    ["bytes=٣-٤", 100, null],
  ];
  for (const [header, size, expected] of cases) {
    await t.step(`${header} of ${size}`, () => assertEquals(parseRange(header, size), expected));
  }
});

Deno.test("any range is within the file", () => {
  const number = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constant(""));
  const header = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(number, number).map(([first, last]) => `bytes=${first}-${last}`),
  );
  fc.assert(fc.property(header, fc.nat(), (text, size) => {
    const range = parseRange(text, size);
    if (range === null || range === "unsatisfiable") return;
    assert(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end));
    assert(0 <= range.start && range.start <= range.end && range.end < size);
  }));
});

Deno.test("a Content-Range is read unless it contradicts itself", async (t) => {
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

Deno.test("a Content-Range that is written is read back", () => {
  const sizes = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  fc.assert(fc.property(sizes, ([start, length, rest]) => {
    const range = { start, end: start + length };
    const total = start + length + 1 + rest;
    assertEquals(parseContentRange(formatContentRange(range, total)), { range, total });
    assertEquals(parseContentRange(formatContentRange(null, total)), { range: null, total });
  }));
});

Deno.test("any Content-Range has a range or a total, or is refused", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (const header of [text, `bytes ${text}`]) {
      const parsed = parseContentRange(header);
      assert(parsed === null || parsed.range !== null || parsed.total !== null);
    }
  }));
});
