import { assertEquals } from "@std/assert";
import { MissingSignatures } from "../../../../src/mirroring/pull_through/package_requests.ts";

Deno.test("a signature is missing for the given age after it was last added", () => {
  let now = 0;
  const missing = new MissingSignatures(100, () => now);
  assertEquals(missing.has("a"), false);
  missing.add("a");
  now = 60;
  assertEquals([missing.has("a"), missing.has("b")], [true, false]);
  missing.add("a");
  now = 159;
  assertEquals(missing.has("a"), true);
  now = 160;
  assertEquals(missing.has("a"), false);
});

Deno.test("a forgotten signature is no longer missing", () => {
  const missing = new MissingSignatures(100, () => 0);
  missing.add("a");
  missing.forget("a");
  assertEquals(missing.has("a"), false);
});

Deno.test("the number of missing signatures is limited, and the oldest is forgotten", () => {
  const missing = new MissingSignatures(100, () => 0);
  for (let index = 0; index <= 10_000; index++) missing.add(String(index));
  assertEquals([missing.has("0"), missing.has("1"), missing.has("10000")], [false, true, true]);
});
