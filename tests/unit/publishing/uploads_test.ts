import { assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../../src/async/clock.ts";
import { PkgstashError } from "../../../src/errors.ts";
import { ownPackage } from "../../support/own_package.ts";
import { openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { until } from "../../support/until.ts";

const HOUR_MS = 3_600_000;

/** A clock whose sleepers wake when a test says so, at the time that it sets. */
class WokenClock implements Clock {
  time = Date.now();
  #wakers: (() => void)[] = [];
  now = () => this.time;
  monotonic = () => this.time;
  sleep = (_: number, signal: AbortSignal) =>
    signal.aborted ? Promise.resolve() : new Promise<void>((resolve) => {
      this.#wakers.push(resolve);
      signal.addEventListener("abort", () => resolve());
    });

  wakeAfter(milliseconds: number): void {
    this.time += milliseconds;
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

Deno.test("an upload whose client is gone is dropped without a further request", async () => {
  await using folder = await TempFolder.create();
  const clock = new WokenClock();
  const publishing = await openPublishing(folder.join("state"), { clock });
  try {
    const mine = await publishing.create("mine", { signing: "none" }, "tests");
    const staged = () => [...Deno.readDirSync(mine.layout.staging)].length;
    const { fileName, bytes } = await ownPackage("foo");
    const body = () => new Response(bytes).body!;
    const id = await publishing.uploads.open(mine);
    await publishing.uploads.put(mine, id, { fileName, body: body() });
    clock.wakeAfter(HOUR_MS / 2);
    // An upload in use stays.
    await publishing.uploads.put(mine, id, { fileName, body: body() });
    clock.wakeAfter(HOUR_MS);
    assertEquals(staged(), 1);
    await until("the upload is dropped", () => {
      clock.wakeAfter(1);
      return staged() === 0;
    });
    await assertRejects(
      () => publishing.uploads.abandon(mine, id),
      PkgstashError,
      "idle for too long",
    );
  } finally {
    await publishing.stop();
  }
});

Deno.test("a restart of the daemon removes unfinished uploads", async () => {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const first = await openPublishing(root);
  const mine = await first.create("mine", {}, "tests");
  const { fileName, bytes } = await ownPackage("foo");
  const id = await first.uploads.open(mine);
  await first.uploads.put(mine, id, { fileName, body: new Response(bytes).body! });
  await first.stop();
  assertEquals([...Deno.readDirSync(mine.layout.staging)].length, 1);
  const next = await openPublishing(root);
  await next.stop();
  await assertRejects(() => Deno.stat(mine.layout.staging), Deno.errors.NotFound);
});
