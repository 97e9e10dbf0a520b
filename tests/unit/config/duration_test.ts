import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../../src/config/duration.ts";

const HOUR = 3_600_000;

Deno.test("a duration is the sum of its numbers with units, in milliseconds", () => {
  const table: [string, number][] = [
    ["0", 0],
    ["0s", 0],
    ["8760h", 8760 * HOUR],
    ["90d", 90 * 24 * HOUR],
    ["2w", 14 * 24 * HOUR],
    ["1h30m", 1.5 * HOUR],
    ["1.5h", 1.5 * HOUR],
    ["500ms", 500],
    ["1500ms", 1500],
    ["0.07s", 70],
    ["1m500ms", 60_500],
  ];
  for (const [text, expected] of table) assertEquals(parseDuration(text), expected, text);
});

Deno.test("what is not clearly a duration is none", () => {
  const table = [
    "",
    "5",
    "90",
    "-1h",
    "1 h",
    "h",
    "1y",
    "1h 30m",
    "1H",
    "1.h",
    ".5h",
    "1e3s",
    "0.1ms",
  ];
  table.push(`${"9".repeat(20)}d`, "1h30", " 1h", "1h\n");
  for (const text of table) assertEquals(parseDuration(text), null, JSON.stringify(text));
});

Deno.test("a formatted duration is read back as the same one", () => {
  assertEquals(formatDuration(8760 * HOUR), "365d");
  assertEquals(formatDuration(5_400_500), "1h30m500ms");
  fc.assert(fc.property(fc.nat({ max: 2 ** 45 }), (milliseconds) => {
    assertEquals(parseDuration(formatDuration(milliseconds)), milliseconds);
  }));
});
