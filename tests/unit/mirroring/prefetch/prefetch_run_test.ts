import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { FakeClock } from "./fake_clock.ts";
import { DIRECTORY, fileOf, pathOf, PrefetchBench, wishOf } from "./prefetch_bench.ts";

/** Waits for everything that needs neither the clock nor a gate of the mirror. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a package and its signature are fetched once and recorded as prefetched", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(5000, "a");
  bench.mirror.put(`${pathOf("a")}.sig`, new Uint8Array([0x88, 1, 2, 3]));
  const report = await bench.run("a");
  assertEquals(report, {
    fetched: [pathOf("a")],
    bytes: 5000,
    failed: [],
    postponed: [],
    opensInMs: null,
  });
  assertEquals(bench.events, ["started a", "fetched a"]);
  assertEquals(bench.index.historyOf(DIRECTORY, "a"), { askedAt: null, unusedPrefetches: 1 });
  assertEquals(await bench.get("a"), packageBytes(5000, 1));
  assertEquals([bench.count("a"), bench.mirror.count(`${pathOf("a")}.sig`)], [1, 1]);
  assertEquals(bench.index.wishesOf(DIRECTORY), []);
});

Deno.test("a package without a signature on the mirror is fetched", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(100, "a");
  const report = await bench.run("a");
  assertEquals([report.fetched, report.failed], [[pathOf("a")], []]);
});

Deno.test("the oldest wish is fetched first, then the one asked for most recently", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(100, "a", "b", "c", "d");
  bench.index.wish(DIRECTORY, [fileOf("c")], 1000);
  bench.index.wish(DIRECTORY, [fileOf("c"), fileOf("d")], 2000);
  await bench.run(wishOf("a", 5), wishOf("b", 6), wishOf("d", 7), wishOf("c", 1));
  assertEquals(bench.order, ["c", "d", "b", "a"]);
});

Deno.test("a wish that is no longer planned is forgotten", async () => {
  await using bench = await PrefetchBench.start();
  bench.index.wish(DIRECTORY, [fileOf("old")], 1000);
  await bench.run();
  assertEquals(bench.index.wishesOf(DIRECTORY), []);
  assertEquals(bench.count("old"), 0);
});

Deno.test("no more files than configured are fetched at a time", async () => {
  await using bench = await PrefetchBench.start({ settings: { prefetchConcurrency: 2 } });
  bench.put(1000, "a", "b", "c");
  const gate = new Gate();
  bench.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  bench.mirror.behave(pathOf("b"), { kind: "gate", gate, bytes: 500 });
  const running = bench.run("a", "b", "c");
  await bench.mirror.waitForRequest(pathOf("a"));
  await bench.mirror.waitForRequest(pathOf("b"));
  await settle();
  assertEquals(bench.order.toSorted(), ["a", "b"]);
  gate.release();
  assertEquals((await running).fetched.length, 3);
});

Deno.test("a file that fails is reported, stays wanted, and does not stop the others", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(100, "a", "c");
  const report = await bench.run("a", "b", "c");
  assertEquals(report.fetched, [pathOf("a"), pathOf("c")]);
  assertEquals(report.failed.map(({ file }) => file), [pathOf("b")]);
  assertStringIncludes(report.failed[0]!.reason, "404");
  assertEquals(bench.events.filter((event) => event.startsWith("failed")), ["failed b"]);
  assertEquals(bench.index.wishesOf(DIRECTORY), [fileOf("b")]);
});

Deno.test("no download is started while a client's download is in flight", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(1000, "a", "client");
  const gate = new Gate();
  bench.mirror.behave(pathOf("client"), { kind: "gate", gate, bytes: 500 });
  const response = bench.get("client");
  await gate.reached;
  const running = bench.run("a");
  await settle();
  assertEquals(bench.order, ["client"]);
  gate.release();
  await response;
  await running;
  assertEquals(bench.order, ["client", "a"]);
});

/** A large prefetch, started before a client's download that is held at a gate. */
async function besideClient(clock: FakeClock) {
  const bench = await PrefetchBench.start({ clock });
  const [mine, theirs] = [new Gate(), new Gate()];
  const size = 8 * 1024 * 1024;
  bench.put(size, "a");
  bench.put(1000, "client");
  bench.mirror.behave(pathOf("a"), { kind: "gate", gate: mine, bytes: 1000 });
  bench.mirror.behave(pathOf("client"), { kind: "gate", gate: theirs, bytes: 500 });
  const running = bench.run("a");
  await mine.reached;
  const response = bench.get("client");
  await theirs.reached;
  mine.release();
  await clock.slept(20_000);
  return { bench, running, response, theirs, size };
}

Deno.test("a prefetch in flight pauses while a client's download is in flight", async () => {
  const clock = new FakeClock(0);
  const { bench, running, response, theirs, size } = await besideClient(clock);
  await using _ = bench;
  await settle();
  assertEquals(await bench.isCached("a"), false);
  assert(await receivedOf(bench, "a") < size);
  theirs.release();
  await response;
  assertEquals((await running).bytes, size);
});

Deno.test("a paused prefetch receives a little every 20 s, so that mirrors keep the connection", async () => {
  const clock = new FakeClock(0);
  const { bench, running, response, theirs } = await besideClient(clock);
  await using _ = bench;
  for (let round = 1; round <= 3; round++) {
    const before = await receivedOf(bench, "a");
    clock.advance(19_999);
    await settle();
    assertEquals(await receivedOf(bench, "a"), before);
    clock.advance(1);
    await clock.slept((round + 1) * 20_000);
    assert(await receivedOf(bench, "a") > before);
  }
  theirs.release();
  await response;
  await running;
});

Deno.test("a paused download resumes when a client joins it, and counts as taken", async () => {
  const clock = new FakeClock(0);
  const { bench, running, response, theirs, size } = await besideClient(clock);
  await using _ = bench;
  const joined = bench.get("a");
  // The use must not be lost although the file has no record yet.
  bench.index.flush();
  assertEquals((await joined).length, size);
  await running;
  assertEquals(bench.count("a"), 1);
  assertEquals(bench.index.historyOf(DIRECTORY, "a").unusedPrefetches, 0);
  theirs.release();
  await response;
});

Deno.test("all prefetches together stay below the bandwidth cap", async () => {
  const clock = new FakeClock(0, true);
  const settings = { prefetchBytesPerSecond: 100_000, prefetchConcurrency: 3 };
  await using bench = await PrefetchBench.start({ clock, settings });
  bench.put(400_000, "a", "b", "c");
  const report = await bench.run("a", "b", "c");
  assertEquals(report.bytes, 1_200_000);
  // A second's worth is free.
  assert(clock.monotonic() >= 10_999, `${clock.monotonic()} ms`);
});

Deno.test("outside the time window wishes are recorded and nothing is fetched", async () => {
  const window = { start: 60, end: 120 };
  const clock = new FakeClock(new Date(2026, 0, 1, 0, 30).getTime());
  await using bench = await PrefetchBench.start({ clock, settings: { prefetchWindow: window } });
  bench.put(100, "a", "b");
  const report = await bench.run("a", "b");
  assertEquals(report.postponed, [pathOf("a"), pathOf("b")]);
  assertEquals(report.opensInMs, 30 * 60_000);
  assertEquals(bench.events, ["postponed"]);
  assertEquals(bench.order, []);
  assertEquals(bench.index.wishesOf(DIRECTORY), [fileOf("a"), fileOf("b")]);
  clock.advance(30 * 60_000);
  assertEquals((await bench.run("a", "b")).fetched.length, 2);
});

Deno.test("a download that started within the time window is finished after it closes", async () => {
  const clock = new FakeClock(new Date(2026, 0, 1, 1, 59).getTime());
  const settings = { prefetchWindow: { start: 60, end: 120 } };
  await using bench = await PrefetchBench.start({ clock, settings });
  bench.put(1000, "a", "b");
  const gate = new Gate();
  bench.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  const running = bench.run("a", "b");
  await gate.reached;
  clock.advance(60_000);
  gate.release();
  const report = await running;
  assertEquals([report.fetched, report.postponed], [[pathOf("a")], [pathOf("b")]]);
});

Deno.test("a run that is stopped ends at once and keeps the bytes received", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(1000, "a", "b");
  const gate = new Gate();
  bench.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 }, 1);
  const running = bench.run("a", "b");
  await gate.reached;
  await untilReceived(bench, "a", 500);
  bench.controller.abort(new Error("stopped"));
  const report = await running;
  assertEquals(report.fetched, []);
  assertEquals(report.failed, []);
  assertEquals(report.postponed.toSorted(), [pathOf("a"), pathOf("b")]);
  assertEquals(bench.count("b"), 0);
  gate.release();
  assertEquals(await bench.get("a"), packageBytes(1000, 1));
  const [, second] = bench.mirror.requests.filter(({ path }) => path.endsWith(fileOf("a")));
  assertEquals(second!.headers.get("range"), "bytes=0-");
});

Deno.test("a run that is stopped does not abort a download that a client has joined", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(1000, "a");
  const gate = new Gate();
  bench.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  const running = bench.run("a");
  await gate.reached;
  const response = bench.get("a");
  while (bench.clients.count === 0) await settle();
  bench.controller.abort(new Error("stopped"));
  assertEquals((await running).postponed, [pathOf("a")]);
  gate.release();
  assertEquals(await response, packageBytes(1000, 1));
  assertEquals(bench.count("a"), 1);
});

/** Bytes of a package in its part file. */
async function receivedOf(bench: PrefetchBench, name: string): Promise<number> {
  const path = `${bench.layout.partOf(pathOf(name))}.part`;
  return (await Deno.stat(path).catch(() => null))?.size ?? 0;
}

async function untilReceived(bench: PrefetchBench, name: string, count: number): Promise<void> {
  while (await receivedOf(bench, name) < count) await settle();
}
