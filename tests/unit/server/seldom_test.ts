import { assertEquals } from "@std/assert";
import { Seldom } from "../../../src/server/seldom.ts";

Deno.test("something is due once in each period", () => {
  let now = 0;
  const seldom = new Seldom(1000, () => now);
  assertEquals([seldom.isDue(), seldom.isDue()], [true, false]);
  now = 999;
  assertEquals(seldom.isDue(), false);
  now = 1000;
  assertEquals([seldom.isDue(), seldom.isDue()], [true, false]);
});
