import { assertEquals, assertLess } from "@std/assert";
import { remembered } from "../../../src/platform/remembered.ts";

Deno.test("a repeated text is computed once, and each text has its own result", () => {
  let computed = 0;
  const lengthOf = remembered((text) => (computed++, text.length));
  for (let round = 0; round < 3; round++) {
    assertEquals(["a", "bb", ""].map(lengthOf), [1, 2, 0]);
  }
  assertEquals(computed, 3);
});

Deno.test("neither many texts nor long ones are kept for ever", () => {
  let computed = 0;
  const same = remembered((text) => (computed++, text));
  same("first");
  for (let number = 0; number < 10_000; number++) same(`text ${number}`);
  const before = computed;
  for (let number = 0; number < 10_000; number++) same(`text ${number}`);
  assertLess(before - 5_000, computed - before);
  const long = "x".repeat(10_000);
  const beforeLong = computed;
  for (let round = 0; round < 3; round++) assertEquals(same(long), long);
  assertEquals(computed - beforeLong, 3);
});
