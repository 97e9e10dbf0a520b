import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { FakeClock } from "./fake_clock.ts";
import { DIRECTORY, fileOf, pathOf, PrefetchHarness, wishOf } from "./prefetch_harness.ts";

/** Waits for everything that needs neither the clock nor a gate of the mirror. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a package and its signature are fetched once and recorded as prefetched", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(5000, "a");
  harness.mirror.put(`${pathOf("a")}.sig`, new Uint8Array([0x88, 2, 2, 3]));
  const report = await harness.run("a");
  assertEquals(report, {
    fetched: [pathOf("a")],
    bytes: 5000,
    failed: [],
    postponed: [],
    opensInMs: null,
  });
  assertEquals(harness.events, ["started a", "fetched a"]);
  assertEquals(harness.index.historyOf(DIRECTORY, "a"), { askedAt: null, unusedPrefetches: 1 });
  assertEquals(await harness.get("a"), packageBytes(5000, 1));
  assertEquals([harness.count("a"), harness.mirror.count(`${pathOf("a")}.sig`)], [1, 1]);
  assertEquals(harness.index.wishesOf(DIRECTORY), []);
});

Deno.test("a package without a signature on the mirror is fetched", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(100, "a");
  const report = await harness.run("a");
  assertEquals([report.fetched, report.failed], [[pathOf("a")], []]);
});

Deno.test("the oldest wish is fetched first, then the one asked for most recently", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(100, "a", "b", "c", "d");
  harness.index.wish(DIRECTORY, [fileOf("c")], 1000);
  harness.index.wish(DIRECTORY, [fileOf("c"), fileOf("d")], 2000);
  await harness.run(wishOf("a", 5), wishOf("b", 6), wishOf("d", 7), wishOf("c", 1));
  assertEquals(harness.order, ["c", "d", "b", "a"]);
});

Deno.test("a wish that is no longer planned is forgotten", async () => {
  await using harness = await PrefetchHarness.start();
  harness.index.wish(DIRECTORY, [fileOf("old")], 1000);
  await harness.run();
  assertEquals(harness.index.wishesOf(DIRECTORY), []);
  assertEquals(harness.count("old"), 0);
});

Deno.test("no more files than configured are fetched at a time", async () => {
  await using harness = await PrefetchHarness.start({ settings: { prefetchConcurrency: 2 } });
  harness.put(1000, "a", "b", "c");
  const gate = new Gate();
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  harness.mirror.behave(pathOf("b"), { kind: "gate", gate, bytes: 500 });
  const running = harness.run("a", "b", "c");
  await harness.mirror.waitForRequest(pathOf("a"));
  await harness.mirror.waitForRequest(pathOf("b"));
  await settle();
  assertEquals(harness.order.toSorted(), ["a", "b"]);
  gate.release();
  assertEquals((await running).fetched.length, 3);
});

Deno.test("a file that fails is reported, stays wanted, and does not stop the others", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(100, "a", "c");
  const report = await harness.run("a", "b", "c");
  assertEquals(report.fetched, [pathOf("a"), pathOf("c")]);
  assertEquals(report.failed.map(({ file }) => file), [pathOf("b")]);
  assertStringIncludes(report.failed[0]!.reason, "404");
  assertEquals(harness.events.filter((event) => event.startsWith("failed")), ["failed b"]);
  assertEquals(harness.index.wishesOf(DIRECTORY), [fileOf("b")]);
});

Deno.test("no download is started while a client's download is in flight", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(1000, "a", "client");
  const gate = new Gate();
  harness.mirror.behave(pathOf("client"), { kind: "gate", gate, bytes: 500 });
  const response = harness.get("client");
  await gate.reached;
  const running = harness.run("a");
  await settle();
  assertEquals(harness.order, ["client"]);
  gate.release();
  await response;
  await running;
  assertEquals(harness.order, ["client", "a"]);
});

/** A large prefetch, started before a client's download that is held at a gate. */
async function besideClient(clock: FakeClock) {
  const harness = await PrefetchHarness.start({ clock });
  const [mine, theirs] = [new Gate(), new Gate()];
  const size = 8 * 1024 * 1024;
  harness.put(size, "a");
  harness.put(1000, "client");
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate: mine, bytes: 1000 });
  harness.mirror.behave(pathOf("client"), { kind: "gate", gate: theirs, bytes: 500 });
  const running = harness.run("a");
  await mine.reached;
  const response = harness.get("client");
  await theirs.reached;
  mine.release();
  await clock.slept(10_000);
  return { harness, running, response, theirs, size };
}

Deno.test("a prefetch in flight pauses while a client's download is in flight", async () => {
  const clock = new FakeClock(0);
  const { harness, running, response, theirs, size } = await besideClient(clock);
  await using _ = harness;
  await settle();
  assertEquals(await harness.isCached("a"), false);
  assert(await receivedOf(harness, "a") < size);
  theirs.release();
  await response;
  assertEquals((await running).bytes, size);
});

Deno.test("a paused prefetch continues after ten seconds, even if the client's transfer does not end", async () => {
  const clock = new FakeClock(0);
  const { harness, running, response, theirs, size } = await besideClient(clock);
  await using _ = harness;
  clock.advance(9_999);
  await settle();
  assert(await receivedOf(harness, "a") < size);
  clock.advance(1);
  assertEquals((await running).bytes, size);
  theirs.release();
  await response;
});

Deno.test("a prefetch that is too slow is abandoned, and the others are fetched", async () => {
  const clock = new FakeClock(0);
  await using harness = await PrefetchHarness.start({ clock });
  harness.put(1_000_000, "a");
  harness.put(1000, "b");
  const gate = new Gate();
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 5000 });
  const running = harness.run("a", "b");
  await gate.reached;
  await clock.slept(20_000);
  await untilReceived(harness, "a", 5000);
  clock.advance(20_000);
  const report = await running;
  assertEquals(report.fetched, [pathOf("b")]);
  assertEquals(report.failed.map(({ file }) => file), [pathOf("a")]);
  assertStringIncludes(report.failed[0]!.reason, "bytes arrived within 20 s");
  assertEquals(harness.index.wishesOf(DIRECTORY), [fileOf("a")]);
  // What came is kept for the next run.
  assertEquals(await receivedOf(harness, "a"), 5000);
  gate.release();
});

Deno.test("a prefetch that waits for a client's slow transfer of the same file gives up, and leaves it", async () => {
  const clock = new FakeClock(0);
  await using harness = await PrefetchHarness.start({ clock });
  harness.put(1_000_000, "a");
  const gate = new Gate();
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 5000 });
  const response = harness.get("a");
  await gate.reached;
  const running = harness.run("a");
  await clock.slept(10_000);
  clock.advance(10_000);
  await clock.slept(30_000);
  clock.advance(20_000);
  assertEquals((await running).failed.map(({ file }) => file), [pathOf("a")]);
  gate.release();
  assertEquals((await response).length, 1_000_000);
  assertEquals(harness.count("a"), 1);
});

Deno.test("after three slow files in a row, the rest is postponed", async () => {
  const clock = new FakeClock(0);
  await using harness = await PrefetchHarness.start({ clock });
  const names = ["a", "b", "c", "d", "e"];
  harness.put(1_000_000, ...names);
  const gates = names.map((name) => {
    const gate = new Gate();
    harness.mirror.behave(pathOf(name), { kind: "gate", gate, bytes: 5000 });
    return gate;
  });
  const running = harness.run(...names);
  for (const [round, gate] of gates.slice(0, 3).entries()) {
    await gate.reached;
    await clock.slept((round + 1) * 20_000);
    clock.advance(20_000);
  }
  const { failed, postponed } = await running;
  assertEquals([failed.length, postponed], [3, [pathOf("d"), pathOf("e")]]);
  assertEquals(harness.events.at(-1), "postponed");
  assertEquals(harness.index.wishesOf(DIRECTORY).toSorted(), names.map(fileOf));
  for (const gate of gates) gate.release();
});

Deno.test("a paused download resumes when a client joins it, and counts as taken", async () => {
  const clock = new FakeClock(0);
  const { harness, running, response, theirs, size } = await besideClient(clock);
  await using _ = harness;
  const joined = harness.get("a");
  // The use must not be lost although the file has no record yet.
  harness.index.flush();
  assertEquals((await joined).length, size);
  await running;
  assertEquals(harness.count("a"), 1);
  assertEquals(harness.index.historyOf(DIRECTORY, "a").unusedPrefetches, 0);
  theirs.release();
  await response;
});

Deno.test("all prefetches together stay below the bandwidth cap", async () => {
  const clock = new FakeClock(0, true);
  const settings = { prefetchBytesPerSecond: 100_000, prefetchConcurrency: 3 };
  await using harness = await PrefetchHarness.start({ clock, settings });
  harness.put(400_000, "a", "b", "c");
  const report = await harness.run("a", "b", "c");
  assertEquals(report.bytes, 1_200_000);
  // A second's worth is free.
  assert(clock.monotonic() >= 10_999, `${clock.monotonic()} ms`);
});

Deno.test("outside the time window wishes are recorded and nothing is fetched", async () => {
  const window = { start: 60, end: 120 };
  const clock = new FakeClock(new Date(2026, 0, 1, 0, 30).getTime());
  await using harness = await PrefetchHarness.start({
    clock,
    settings: { prefetchWindow: window },
  });
  harness.put(100, "a", "b");
  const report = await harness.run("a", "b");
  assertEquals(report.postponed, [pathOf("a"), pathOf("b")]);
  assertEquals(report.opensInMs, 30 * 60_000);
  assertEquals(harness.events, ["postponed"]);
  assertEquals(harness.order, []);
  assertEquals(harness.index.wishesOf(DIRECTORY), [fileOf("a"), fileOf("b")]);
  clock.advance(30 * 60_000);
  assertEquals((await harness.run("a", "b")).fetched.length, 2);
});

Deno.test("a download that started within the time window is finished after it closes", async () => {
  const clock = new FakeClock(new Date(2026, 0, 1, 1, 59, 50).getTime());
  const settings = { prefetchWindow: { start: 60, end: 120 } };
  await using harness = await PrefetchHarness.start({ clock, settings });
  harness.put(1000, "a", "b");
  const gate = new Gate();
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  const running = harness.run("a", "b");
  await gate.reached;
  clock.advance(10_000);
  gate.release();
  const report = await running;
  assertEquals([report.fetched, report.postponed], [[pathOf("a")], [pathOf("b")]]);
});

Deno.test("a run that is stopped ends at once and keeps the bytes received", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(1000, "a", "b");
  const gate = new Gate();
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 }, 1);
  const running = harness.run("a", "b");
  await gate.reached;
  await untilReceived(harness, "a", 500);
  harness.controller.abort(new Error("stopped"));
  const report = await running;
  assertEquals(report.fetched, []);
  assertEquals(report.failed, []);
  assertEquals(report.postponed.toSorted(), [pathOf("a"), pathOf("b")]);
  assertEquals(harness.count("b"), 0);
  gate.release();
  assertEquals(await harness.get("a"), packageBytes(1000, 1));
  const [, second] = harness.mirror.requests.filter(({ path }) => path.endsWith(fileOf("a")));
  assertEquals(second!.headers.get("range"), "bytes=0-");
});

Deno.test("a run that is stopped does not abort a download that a client has joined", async () => {
  await using harness = await PrefetchHarness.start();
  harness.put(1000, "a");
  const gate = new Gate();
  harness.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  const running = harness.run("a");
  await gate.reached;
  const response = harness.get("a");
  while (harness.clients.lastAskedAt === -Infinity) await settle();
  harness.controller.abort(new Error("stopped"));
  assertEquals((await running).postponed, [pathOf("a")]);
  gate.release();
  assertEquals(await response, packageBytes(1000, 1));
  assertEquals(harness.count("a"), 1);
});

/** Bytes of a package in its part file. */
async function receivedOf(harness: PrefetchHarness, name: string): Promise<number> {
  const path = `${harness.layout.partOf(pathOf(name))}.part`;
  return (await Deno.stat(path).catch(() => null))?.size ?? 0;
}

async function untilReceived(harness: PrefetchHarness, name: string, count: number): Promise<void> {
  while (await receivedOf(harness, name) < count) await settle();
}
