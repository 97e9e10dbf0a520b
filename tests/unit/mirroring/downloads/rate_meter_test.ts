import { assert, assertEquals } from "@std/assert";
import { RateMeter } from "../../../../src/mirroring/downloads/rate_meter.ts";

Deno.test("a steady rate is measured from the first second on, and fades in a pause", () => {
  let now = 1_000;
  const meter = new RateMeter(() => now);
  assertEquals(meter.rate, 0);
  for (let second = 0; second < 20; second++) {
    for (let step = 0; step < 10; step++) {
      now += 100;
      meter.add(5_000);
    }
    assert(Math.abs(meter.rate - 50_000) < 2_500, `${meter.rate} after ${second + 1} s`);
  }
  now += 3_000;
  assert(meter.rate < 20_000, `${meter.rate} after 3 s of silence`);
  now += 60_000;
  assertEquals(meter.rate, 0);
});

Deno.test("recent bytes outweigh earlier ones", () => {
  let now = 0;
  const meter = new RateMeter(() => now);
  const run = (seconds: number, bytes: number) => {
    for (const end = now + seconds * 1000; now < end;) {
      now += 100;
      meter.add(bytes / 10);
    }
  };
  run(60, 1_000_000);
  run(15, 10_000);
  assert(meter.rate > 9_000 && meter.rate < 25_000, `${meter.rate}`);
});
