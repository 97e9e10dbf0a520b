import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Gate } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { FakeClock } from "./fake_clock.ts";
import { DIRECTORY, fileOf, pathOf, PrefetchBench, wishOf } from "./prefetch_bench.ts";

/** Lets everything run that can run without the clock or the mirror's gates. */
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
    opensIn: null,
  });
  assertEquals(bench.events, ["started a", "fetched a"]);
  assertEquals(bench.index.historyOf(DIRECTORY, "a"), { askedAt: null, unusedPrefetches: 1 });
  assertEquals(await bench.get("a"), packageBytes(5000, 1));
  assertEquals([bench.count("a"), bench.mirror.count(`${pathOf("a")}.sig`)], [1, 1]);
  assertEquals(bench.index.wishesOf(DIRECTORY), []);
});

Deno.test("a signature that no mirror has does not make a package fail", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(100, "a");
  const report = await bench.run("a");
  assertEquals([report.fetched, report.failed], [[pathOf("a")], []]);
});

Deno.test("the oldest wish comes first, then what was asked for last", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(100, "a", "b", "c", "d");
  bench.index.wish(DIRECTORY, [fileOf("c")], 1000);
  bench.index.wish(DIRECTORY, [fileOf("c"), fileOf("d")], 2000);
  await bench.run(wishOf("a", 5), wishOf("b", 6), wishOf("d", 7), wishOf("c", 1));
  assertEquals(bench.order, ["c", "d", "b", "a"]);
});

Deno.test("what is no longer wished for is forgotten", async () => {
  await using bench = await PrefetchBench.start();
  bench.index.wish(DIRECTORY, [fileOf("old")], 1000);
  await bench.run();
  assertEquals(bench.index.wishesOf(DIRECTORY), []);
  assertEquals(bench.count("old"), 0);
});

Deno.test("no more than the configured number are fetched at a time", async () => {
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

Deno.test("one that fails is reported, stays wished for, and stops no other", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(100, "a", "c");
  const report = await bench.run("a", "b", "c");
  assertEquals(report.fetched, [pathOf("a"), pathOf("c")]);
  assertEquals(report.failed.map(({ file }) => file), [pathOf("b")]);
  assertStringIncludes(report.failed[0]!.reason, "404");
  assertEquals(bench.events.filter((event) => event.startsWith("failed")), ["failed b"]);
  assertEquals(bench.index.wishesOf(DIRECTORY), [fileOf("b")]);
});

Deno.test("nothing new is begun while a client's download is in flight", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(1000, "a", "client");
  const gate = new Gate();
  bench.mirror.behave(pathOf("client"), { kind: "gate", gate, bytes: 500 });
  const answer = bench.get("client");
  await gate.reached;
  const running = bench.run("a");
  await settle();
  assertEquals(bench.order, ["client"]);
  gate.release();
  await answer;
  await running;
  assertEquals(bench.order, ["client", "a"]);
});

/** A large prefetch that was begun before a client's download, which waits at a gate. */
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
  const answer = bench.get("client");
  await theirs.reached;
  mine.release();
  await clock.slept(20_000);
  return { bench, running, answer, theirs, size };
}

Deno.test("what is under way rests while a client's download is in flight", async () => {
  const clock = new FakeClock(0);
  const { bench, running, answer, theirs, size } = await besideClient(clock);
  await using _ = bench;
  await settle();
  assertEquals(await bench.isCached("a"), false);
  assert(await receivedOf(bench, "a") < size);
  theirs.release();
  await answer;
  assertEquals((await running).bytes, size);
});

Deno.test("what rests takes a little every 20 s, so that mirrors do not hang up", async () => {
  const clock = new FakeClock(0);
  const { bench, running, answer, theirs } = await besideClient(clock);
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
  await answer;
  await running;
});

Deno.test("a client that joins a resting download sets it going, and it counts as taken", async () => {
  const clock = new FakeClock(0);
  const { bench, running, answer, theirs, size } = await besideClient(clock);
  await using _ = bench;
  const joined = bench.get("a");
  // The note of this use must not be lost for want of a record.
  bench.index.flush();
  assertEquals((await joined).length, size);
  await running;
  assertEquals(bench.count("a"), 1);
  assertEquals(bench.index.historyOf(DIRECTORY, "a").unusedPrefetches, 0);
  theirs.release();
  await answer;
});

Deno.test("all prefetching together keeps below the bandwidth cap", async () => {
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
  assertEquals(report.opensIn, 30 * 60_000);
  assertEquals(bench.events, ["postponed"]);
  assertEquals(bench.order, []);
  assertEquals(bench.index.wishesOf(DIRECTORY), [fileOf("a"), fileOf("b")]);
  clock.advance(30 * 60_000);
  assertEquals((await bench.run("a", "b")).fetched.length, 2);
});

Deno.test("what was begun within the time window is finished when it closes", async () => {
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

Deno.test("a run that is stopped ends at once and keeps what has come", async () => {
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

Deno.test("a run that is stopped leaves a client's download alone", async () => {
  await using bench = await PrefetchBench.start();
  bench.put(1000, "a");
  const gate = new Gate();
  bench.mirror.behave(pathOf("a"), { kind: "gate", gate, bytes: 500 });
  const running = bench.run("a");
  await gate.reached;
  const answer = bench.get("a");
  while (bench.clients.count === 0) await settle();
  bench.controller.abort(new Error("stopped"));
  assertEquals((await running).postponed, [pathOf("a")]);
  gate.release();
  assertEquals(await answer, packageBytes(1000, 1));
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
