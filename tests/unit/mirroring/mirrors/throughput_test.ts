import { assert, assertEquals } from "@std/assert";
import { Throughput } from "../../../../src/mirroring/mirrors/throughput.ts";

function throughputWithClock() {
  const clock = { now: 0 };
  return { clock, throughput: new Throughput(() => clock.now) };
}

Deno.test("the rate of a mirror that sent little, and fast, is unknown", () => {
  const { throughput } = throughputWithClock();
  assertEquals(throughput.bytesPerSecond, null);
  throughput.add({ bytes: 10_000, waitedMs: 200 });
  assertEquals(throughput.bytesPerSecond, null);
});

Deno.test("a mirror that took long for little is known to be slow", () => {
  const { throughput } = throughputWithClock();
  throughput.add({ bytes: 4_000, waitedMs: 1_000 });
  assertEquals(throughput.bytesPerSecond, 4_000);
});

Deno.test("recent seconds of waiting outweigh earlier ones", () => {
  const { throughput } = throughputWithClock();
  for (let second = 0; second < 60; second++) {
    throughput.add({ bytes: 1_000_000, waitedMs: 1_000 });
  }
  assertEquals(Math.round(throughput.bytesPerSecond!), 1_000_000);
  for (let second = 0; second < 20; second++) throughput.add({ bytes: 10_000, waitedMs: 1_000 });
  assert(throughput.bytesPerSecond! < 40_000, `${throughput.bytesPerSecond}`);
});

Deno.test("bytes that arrived without any wait count as fast, and cause no error", () => {
  const { throughput } = throughputWithClock();
  throughput.add({ bytes: 1_000_000, waitedMs: 0 });
  assert(Number.isFinite(throughput.bytesPerSecond));
});

Deno.test("a rate is forgotten after a quarter of an hour, so that the mirror gets a new chance", () => {
  const { clock, throughput } = throughputWithClock();
  throughput.add({ bytes: 4_000, waitedMs: 1_000 });
  clock.now += 900_000;
  assertEquals(throughput.bytesPerSecond, 4_000);
  clock.now += 1;
  assertEquals(throughput.bytesPerSecond, null);
  throughput.add({ bytes: 1_000_000, waitedMs: 1_000 });
  assertEquals(throughput.bytesPerSecond, 1_000_000);
});
