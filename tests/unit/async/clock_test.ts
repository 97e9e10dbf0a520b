import { assertEquals } from "@std/assert";
import { SYSTEM_CLOCK } from "../../../src/async/clock.ts";

Deno.test("sleep ends early, without an error, when its signal is aborted", async () => {
  const controller = new AbortController();
  const sleep = SYSTEM_CLOCK.sleep(600_000, controller.signal);
  controller.abort(new Error("stop"));
  assertEquals(await sleep, undefined);
  assertEquals(await SYSTEM_CLOCK.sleep(600_000, controller.signal), undefined);
});

Deno.test("sleep takes as long as it is asked to", async () => {
  const before = SYSTEM_CLOCK.monotonic();
  await SYSTEM_CLOCK.sleep(20, new AbortController().signal);
  assertEquals(SYSTEM_CLOCK.monotonic() - before >= 19, true);
});
