import { assertEquals } from "@std/assert";
import { reasonOf } from "../../../src/errors.ts";
import { BackgroundWork } from "../../../src/async/background_work.ts";

Deno.test("settled waits for background work, and for work added meanwhile", async () => {
  const log: string[] = [];
  const work = new BackgroundWork(() => {});
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  work.add("first", first.promise.then(() => void log.push("first")));
  const settled = work.settled().then(() => log.push("settled"));
  work.add("second", second.promise.then(() => void log.push("second")));
  first.resolve();
  await first.promise;
  second.resolve();
  await settled;
  assertEquals(log, ["first", "second", "settled"]);
});

Deno.test("failed background work is reported and never rejects", async () => {
  const failures: string[] = [];
  const work = new BackgroundWork((failure, error) =>
    failures.push(`${failure}: ${reasonOf(error)}`)
  );
  await work.add("cannot record the file", Promise.reject(new Error("disk full")));
  await work.settled();
  assertEquals(failures, ["cannot record the file: disk full"]);
});
