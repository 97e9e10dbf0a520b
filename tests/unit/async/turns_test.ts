import { assertEquals, assertRejects } from "@std/assert";
import { Turns } from "../../../src/async/turns.ts";

Deno.test("turns run one at a time in the order of the calls", async () => {
  const log: string[] = [];
  const turns = new Turns();
  const gate = Promise.withResolvers<void>();
  const first = turns.run(async () => {
    log.push("first begins");
    await gate.promise;
    log.push("first ends");
  });
  const second = turns.run(() => Promise.resolve(log.push("second")));
  gate.resolve();
  await Promise.all([first, second]);
  assertEquals(log, ["first begins", "first ends", "second"]);
});

Deno.test("a failed turn rejects its own caller and lets the next one run", async () => {
  const turns = new Turns();
  const failed = turns.run(() => Promise.reject(new Error("no")));
  assertEquals(await turns.run(() => Promise.resolve(2)), 2);
  await assertRejects(() => failed, Error, "no");
  await turns.settled();
});
