import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatHttpDate, parseHttpDate } from "../../../../src/formats/http/http_date.ts";

Deno.test("an HTTP date is read in three forms, and any other text is refused", async (t) => {
  const cases: [string, string | null][] = [
    ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
    ["Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37.000Z"],
    ["Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59.000Z"],
    ["Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00.000Z"],
    ["Thursday, 01-Jan-76 00:00:00 GMT", "2076-01-01T00:00:00.000Z"],
    ["Saturday, 01-Jan-77 00:00:00 GMT", "1977-01-01T00:00:00.000Z"],
    ["Sat, 01 Jan 0000 00:00:00 GMT", "0000-01-01T00:00:00.000Z"],
    ["Wed, 30 Feb 2024 00:00:00 GMT", null],
    ["Wed, 00 Jan 2024 00:00:00 GMT", null],
    ["Wed, 01 Jan 2024 24:00:00 GMT", null],
    ["Wed, 01 Jan 2024 00:60:00 GMT", null],
    ["Wed, 01 Jan 2024 00:00:61 GMT", null],
    ["Sun, 6 Nov 1994 08:49:37 GMT", null],
    ["Sun, 06 Nov 1994 08:49:37", null],
    ["Sun, 06 Nov 1994 08:49:37 UTC", null],
    ["Sun, 06 Nov 1994 08:49:37 +0100", null],
    ["sun, 06 nov 1994 08:49:37 gmt", null],
    ["1994-11-06T08:49:37Z", null],
    ["784111777", null],
    ["", null],
  ];
  for (const [text, expected] of cases) {
    await t.step(text, () => assertEquals(parseHttpDate(text)?.toISOString() ?? null, expected));
  }
});

Deno.test("a two-digit year is at most 50 years ahead of the current one", () => {
  fc.assert(fc.property(fc.integer({ min: 1970, max: 2200 }), fc.nat(99), (current, short) => {
    const text = `Sunday, 06-Nov-${String(short).padStart(2, "0")} 08:49:37 GMT`;
    const year = parseHttpDate(text, current)!.getUTCFullYear();
    assertEquals(year % 100, short);
    assert(year <= current + 50 && year > current - 50);
  }));
});

Deno.test("a date that is written is read back to the second", () => {
  const dates = fc.date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  });
  fc.assert(fc.property(dates, (date) => {
    const seconds = Math.floor(date.getTime() / 1000);
    assertEquals(parseHttpDate(formatHttpDate(date))?.getTime(), seconds * 1000);
  }));
});

Deno.test("any text is a valid date or none", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const date = parseHttpDate(text);
    assert(date === null || !Number.isNaN(date.getTime()));
  }));
});
