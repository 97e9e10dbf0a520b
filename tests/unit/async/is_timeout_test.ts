import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { isTimeout } from "../../../src/async/is_timeout.ts";

Deno.test("a deadline that has passed is a timeout, other failures are none", async () => {
  const never = Promise.withResolvers<void>().promise;
  const reasonOf = (work: Promise<void>) => work.then(() => null, (error) => error);
  assertEquals(isTimeout(await reasonOf(deadline(never, 1))), true);
  assertEquals(isTimeout(await reasonOf(deadline(Promise.reject(new Error("no")), 1000))), false);
  const aborted = AbortSignal.abort();
  assertEquals(isTimeout(await reasonOf(deadline(never, 1000, { signal: aborted }))), false);
});
