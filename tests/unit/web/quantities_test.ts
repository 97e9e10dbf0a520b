import { assertEquals } from "@std/assert";
import { countText, percentText } from "../../../src/web/elements/quantities.tsx";
import { relativeText } from "../../../src/web/elements/relative_text.ts";

Deno.test("a time is shown as its distance from now", () => {
  const texts = [0, 999, 1000, 59_000, 60_000, 3_599_000, 7_200_000, 172_799_000, 172_800_000]
    .map((passed) => relativeText(1e12 - passed, 1e12));
  assertEquals(texts, [
    "now",
    "now",
    "1 s ago",
    "59 s ago",
    "1 min ago",
    "59 min ago",
    "2 h ago",
    "47 h ago",
    "2 days ago",
  ]);
  assertEquals(relativeText(1e12 + 90_000, 1e12), "in 1 min");
  const hour = 3_600_000;
  assertEquals(
    [3 * 24 + 5, 7 * 24 + 5, 60 * 24, 61 * 24, 729 * 24, 731 * 24]
      .map((hours) => relativeText(1e12 - hours * hour, 1e12)),
    ["3 days 5 h ago", "7 days ago", "60 days ago", "2 months ago", "23 months ago", "2 years ago"],
  );
});

Deno.test("a share shows 0 % or 100 % only if it is exactly that", () => {
  const texts = [0, 0.0001, 0.0123, 0.5, 0.954, 0.99999, 1].map(percentText);
  assertEquals(texts, ["0 %", "0.1 %", "1.2 %", "50 %", "95.4 %", "99.9 %", "100 %"]);
});

Deno.test("thousands are separated by a narrow space", () => {
  assertEquals([999, 1000, 1234567].map(countText), ["999", "1\u202f000", "1\u202f234\u202f567"]);
});
