import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  bytesText,
  formatByteSize,
  formatDuration,
  formatTimeWindow,
  parseByteSize,
  parseDuration,
  parseTimeWindow,
  untilOpen,
} from "../../../src/config/quantities.ts";

const HOUR = 3_600_000;

Deno.test("a duration is the sum of its numbers with units", async (t) => {
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
  for (const [text, expected] of table) {
    await t.step(text, () => assertEquals(parseDuration(text), expected));
  }
});

Deno.test("a text that is not clearly a duration is refused", async (t) => {
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
  for (const text of table) {
    await t.step(JSON.stringify(text), () => assertEquals(parseDuration(text), null));
  }
});

Deno.test("a formatted duration is read back exactly", () => {
  assertEquals(formatDuration(8760 * HOUR), "365d");
  assertEquals(formatDuration(5_400_500), "1h30m500ms");
  fc.assert(fc.property(fc.nat({ max: 2 ** 45 }), (milliseconds) => {
    assertEquals(parseDuration(formatDuration(milliseconds)), milliseconds);
  }));
});

Deno.test("a size is a number with a unit in steps of 1024, or 0", async (t) => {
  const table: [string, number][] = [
    ["0", 0],
    ["0GB", 0],
    ["1048576B", 1048576],
    ["10B", 10],
    ["10GB", 10 * 1024 ** 3],
    ["10 GB", 10 * 1024 ** 3],
    ["10gb", 10 * 1024 ** 3],
    ["10GiB", 10 * 1024 ** 3],
    ["10G", 10 * 1024 ** 3],
    ["500MB", 500 * 1024 ** 2],
    ["4KB", 4096],
    ["2TB", 2 * 1024 ** 4],
    ["1.5GB", 1.5 * 1024 ** 3],
    ["1.1GB", 1181116006],
  ];
  for (const [text, expected] of table) {
    await t.step(text, () => assertEquals(parseByteSize(text), expected));
  }
});

Deno.test("a text that is not clearly a size is refused", async (t) => {
  const table = [
    "",
    "GB",
    "50",
    "1048576",
    "-1GB",
    "10 G B",
    "10PB",
    "1e9",
    "ten",
    "0.1B",
    "1,5GB",
    "10GBs",
    "9".repeat(20),
  ];
  for (const text of table) {
    await t.step(JSON.stringify(text), () => assertEquals(parseByteSize(text), null));
  }
});

Deno.test("a formatted size is read back exactly", () => {
  assertEquals(formatByteSize(10 * 1024 ** 3), "10GB");
  assertEquals(formatByteSize(1500), "1500B");
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => {
    assertEquals(parseByteSize(formatByteSize(bytes)), bytes);
  }));
});

Deno.test("a formatted time window is read back exactly, and any other text is refused", () => {
  for (const text of ["01:00-06:30", "22:00-05:00", "00:00-23:59"]) {
    assertEquals(formatTimeWindow(parseTimeWindow(text)!), text);
  }
  for (const text of ["", "1:00-2:00", "24:00-01:00", "01:60-02:00", "03:00-03:00", "01:00"]) {
    assertEquals(parseTimeWindow(text), null, text);
  }
});

Deno.test("a time window is open from its start until before its end, even across midnight", () => {
  const at = (time: string) => new Date(`2026-11-23T${time}`);
  const minutes = (window: string, time: string) =>
    untilOpen(parseTimeWindow(window)!, at(time)) / 60_000;
  assertEquals(minutes("01:00-06:00", "01:00:00"), 0);
  assertEquals(minutes("01:00-06:00", "05:59:59"), 0);
  assertEquals(minutes("01:00-06:00", "06:00:00"), 19 * 60);
  assertEquals(minutes("01:00-06:00", "00:30:30"), 29.5);
  assertEquals(minutes("22:00-05:00", "23:00:00"), 0);
  assertEquals(minutes("22:00-05:00", "04:00:00"), 0);
  assertEquals(minutes("22:00-05:00", "12:00:00"), 10 * 60);
});

Deno.test("bytes for people have one decimal and never 1024 of a unit", () => {
  assertEquals([0, 1023, 1024, 1587, 1024 ** 2 - 1, 5 * 1024 ** 3].map(bytesText), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "1 MiB",
    "5 GiB",
  ]);
});
