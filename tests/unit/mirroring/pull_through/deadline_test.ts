import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { within } from "../../../../src/mirroring/pull_through/deadline.ts";

Deno.test("what comes in time comes through, well or badly, and leaves no timer", async () => {
  assertEquals(await within(Promise.resolve(7), 60_000, "x"), 7);
  await assertRejects(() => within(Promise.reject(new RangeError("no")), 60_000, "x"), RangeError);
});

Deno.test("what does not come is a timeout that names it, and may fail later unheard", async () => {
  const late = Promise.withResolvers<void>();
  const error = await assertRejects(() => within(late.promise, 5, "foo.db"), PkgstashError);
  assertEquals([error.kind, error.message.includes("foo.db")], ["upstream_timeout", true]);
  late.reject(new Error("too late"));
});
