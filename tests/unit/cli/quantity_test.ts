import { assertEquals } from "@std/assert";
import {
  agoText,
  barText,
  bytesText,
  countText,
  durationText,
  expiryText,
  timeText,
} from "../../../src/cli/quantity.ts";

Deno.test("a quantity is shown in the largest unit that fits", () => {
  assertEquals([0, 1023, 1024, 1587, 1024 ** 2 - 1, 5 * 1024 ** 3].map(bytesText), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "1 MiB",
    "5 GiB",
  ]);
  assertEquals(
    [0, 999, 1_000, 61_000, 3_600_000, 90_061_000].map(durationText),
    ["0 ms", "999 ms", "1 s", "1 min 1 s", "1 h", "1 d 1 h"],
  );
  assertEquals([0, 1, 2].map((count) => countText(count, "file")), [
    "0 files",
    "1 file",
    "2 files",
  ]);
  assertEquals([0, 0.5, 1, 7, -1].map((part) => barText(part, 6)), [
    "[----]",
    "[##--]",
    "[####]",
    "[####]",
    "[----]",
  ]);
});

Deno.test("a time is shown as how long ago it was", () => {
  const now = Date.parse("2026-11-01T12:00:00.000Z");
  assertEquals(
    [-1, 0, 999, 1_000, 61_000].map((passed) => agoText(new Date(now - passed).toISOString(), now)),
    ["just now", "just now", "just now", "1 s ago", "1 min 1 s ago"],
  );
});

Deno.test("an expiry is shown as the time until or since then", () => {
  const now = Date.parse("2026-11-28T12:00:00Z");
  assertEquals(expiryText(null, now), "never");
  assertEquals(expiryText("2026-11-30T13:00:00Z", now), "in 2 d 1 h");
  assertEquals(expiryText("2026-11-28T10:00:00Z", now), "expired 2 h ago");
});

Deno.test("a time is shown in UTC in one format, and text that is no date stays unchanged", () => {
  for (const date of ["2026-11-29T15:59:57.123Z", "Sun, 29 Nov 2026 15:59:57 GMT"]) {
    assertEquals(timeText(date), "2026-11-29 15:59:57Z");
  }
  assertEquals(timeText("yesterday"), "yesterday");
});
