import { assertEquals, assertRejects } from "@std/assert";
import { PkgstashError } from "../../../../src/errors.ts";
import { answerInTime } from "../../../../src/mirroring/pull_through/send_download.ts";

Deno.test("an outcome in time is passed on, a failure as well", async () => {
  assertEquals(await answerInTime(Promise.resolve(7), 60_000, "foo.db"), 7);
  const failed = Promise.reject(new RangeError("no"));
  await assertRejects(() => answerInTime(failed, 60_000, "foo.db"), RangeError);
});

Deno.test("an outcome that is late is a timeout that names the file, and may fail unheard", async () => {
  const late = Promise.withResolvers<void>();
  const error = await assertRejects(() => answerInTime(late.promise, 5, "foo.db"), PkgstashError);
  assertEquals(error.kind, "upstream_timeout");
  assertEquals(error.message, "Cannot get foo.db: no mirror answered within 0.005 s.");
  late.reject(new Error("too late"));
});
