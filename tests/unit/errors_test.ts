import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { isTimeout, PkgstashError, reasonOf } from "../../src/errors.ts";

Deno.test("a reason includes the cause of a foreign error, but not of one of ours", () => {
  const cause = new Error("connection refused");
  assertEquals(
    reasonOf(new TypeError("fetch failed", { cause })),
    "fetch failed: connection refused",
  );
  assertEquals(reasonOf(new PkgstashError("upstream", "says it all", { cause })), "says it all");
  assertEquals(reasonOf("thrown text"), "thrown text");
});

Deno.test("a reason has no full stop, so that it can be part of a sentence", () => {
  const error = new PkgstashError("content", "Cannot read x: it is cut short. Fetch it again.");
  assertEquals(reasonOf(error), "Cannot read x: it is cut short. Fetch it again");
});

Deno.test("a passed deadline is a timeout, other failures are not", async () => {
  const never = Promise.withResolvers<void>().promise;
  const errorOf = (work: Promise<void>) => work.then(() => null, (error) => error);
  assertEquals(isTimeout(await errorOf(deadline(never, 1))), true);
  assertEquals(isTimeout(await errorOf(deadline(Promise.reject(new Error("no")), 1000))), false);
  const aborted = AbortSignal.abort();
  assertEquals(isTimeout(await errorOf(deadline(never, 1000, { signal: aborted }))), false);
});
