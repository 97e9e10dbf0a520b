import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BandwidthCap } from "../../../../src/mirroring/prefetch/bandwidth_cap.ts";

Deno.test("a second's worth is free, and what is overdrawn is waited for", () => {
  let now = 0;
  const cap = new BandwidthCap(1000, () => now);
  assertEquals(cap.take(600), 0);
  assertEquals(cap.take(400), 0);
  assertEquals(cap.take(500), 500);
  assertEquals(cap.take(500), 1000);
  now = 1000;
  assertEquals(cap.take(100), 100);
});

Deno.test("idle time saves up no more than a second's worth", () => {
  let now = 0;
  const cap = new BandwidthCap(1000, () => now);
  cap.take(1000);
  now = 3_600_000;
  assertEquals(cap.take(1000), 0);
  assertEquals(cap.take(1000), 1000);
});

Deno.test("whoever waits as told takes no more than the rate and one burst", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 1_000_000 }),
    fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1 }),
    (rate, takes) => {
      let now = 0;
      const cap = new BandwidthCap(rate, () => now);
      let taken = 0;
      for (const bytes of takes) {
        taken += bytes;
        now += cap.take(bytes);
        assert(taken <= rate * (now / 1000) * 1.000001 + rate + 1, `${taken} in ${now} ms`);
      }
    },
  ));
});
