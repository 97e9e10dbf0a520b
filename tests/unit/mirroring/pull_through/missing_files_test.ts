import { assertEquals } from "@std/assert";
import { MissingFiles } from "../../../../src/mirroring/pull_through/missing_files.ts";

const HOUR_MS = 3_600_000;

Deno.test("a missing file is remembered for seconds, and twice as long each time it is still missing", () => {
  let now = 0;
  const missing = new MissingFiles(() => now);
  assertEquals(missing.has("a", 1), false);
  const ages = [10_000, 20_000, 40_000, 60_000, 60_000];
  for (const age of ages) {
    missing.add("a", 1, 60_000);
    now += age - 1;
    assertEquals([missing.has("a", 1), missing.has("b", 1)], [true, false]);
    now += 1;
    assertEquals(missing.has("a", 1), false);
  }
});

Deno.test("a file is never remembered for longer than the given age", () => {
  let now = 0;
  const missing = new MissingFiles(() => now);
  missing.add("a", 1, 0);
  assertEquals(missing.has("a", 1), false);
  missing.add("b", 1, 100);
  now = 100;
  assertEquals(missing.has("b", 1), false);
});

Deno.test("a new epoch forgets what was missing, and how often", () => {
  let now = 0;
  const missing = new MissingFiles(() => now);
  for (let time = 0; time < 5; time++) missing.add("a", 1, HOUR_MS);
  assertEquals(missing.has("a", 2), false);
  missing.add("a", 2, HOUR_MS);
  now = 9_999;
  assertEquals(missing.has("a", 2), true);
  now = 10_000;
  assertEquals(missing.has("a", 2), false);
});

Deno.test("a forgotten file is no longer missing", () => {
  const missing = new MissingFiles(() => 0);
  missing.add("a", 1, HOUR_MS);
  missing.forget("a");
  assertEquals(missing.has("a", 1), false);
});

Deno.test("the number of missing files is limited, and the oldest is forgotten", () => {
  const missing = new MissingFiles(() => 0);
  for (let index = 0; index <= 10_000; index++) missing.add(String(index), 1, HOUR_MS);
  assertEquals(["0", "1", "10000"].map((key) => missing.has(key, 1)), [false, true, true]);
});
