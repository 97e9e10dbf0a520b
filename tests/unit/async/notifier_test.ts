import { assertEquals } from "@std/assert";
import { Notifier } from "../../../src/async/notifier.ts";

Deno.test("a notification wakes everyone who waits for it", async () => {
  const notifier = new Notifier();
  const waiting = Promise.all([notifier.next, notifier.next]);
  notifier.notify();
  assertEquals(await waiting, [undefined, undefined]);
});

Deno.test("a notification that is over wakes nobody", async () => {
  const notifier = new Notifier();
  notifier.notify();
  let isAwake = false;
  const waiting = notifier.next.then(() => isAwake = true);
  await Promise.resolve();
  assertEquals(isAwake, false);
  notifier.notify();
  await waiting;
});

Deno.test("a notification while a waiter reacts to the one before is not lost", async () => {
  const notifier = new Notifier();
  let count = 0;
  const waiter = (async () => {
    while (count < 3) {
      await notifier.next;
      count++;
    }
  })();
  while (count < 3) {
    notifier.notify();
    await Promise.resolve();
  }
  await waiter;
  assertEquals(count, 3);
});
