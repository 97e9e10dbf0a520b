import { assertEquals } from "@std/assert";
import { Waiters } from "../../support/waiters.ts";

Deno.test("a condition that holds already is not waited for", async () => {
  await new Waiters().until(() => true);
});

Deno.test("a notification resolves exactly the waits whose condition holds", async () => {
  const waiters = new Waiters();
  const resolved: string[] = [];
  let count = 0;
  const one = waiters.until(() => count >= 1).then(() => resolved.push("one"));
  const two = waiters.until(() => count >= 2).then(() => resolved.push("two"));
  waiters.notify();
  count = 1;
  waiters.notify();
  await one;
  assertEquals(resolved, ["one"]);
  count = 2;
  waiters.notify();
  await two;
  assertEquals(resolved, ["one", "two"]);
});
