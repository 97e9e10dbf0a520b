import { assertEquals, assertLessOrEqual } from "@std/assert";
import { MirrorHealth } from "../../../../src/mirroring/mirrors/mirror_health.ts";

const SECOND = 1000;

function healthWithClock() {
  const clock = { now: 1_000_000 };
  return { clock, health: new MirrorHealth(() => clock.now) };
}

Deno.test("a mirror rests after a failure, and comes back by itself", () => {
  const { clock, health } = healthWithClock();
  assertEquals(health.rest, 0);
  health.failed("down");
  assertEquals(health.rest, 5 * SECOND);
  clock.now += 4 * SECOND;
  assertEquals(health.rest, SECOND);
  clock.now += SECOND;
  assertEquals(health.rest, 0);
  assertEquals(health.lastError, "down");
});

Deno.test("each failure in a row doubles the rest, up to ten minutes", () => {
  const { clock, health } = healthWithClock();
  const rests: number[] = [];
  for (let failure = 0; failure < 12; failure++) {
    health.failed("down");
    rests.push(health.rest / SECOND);
    clock.now += health.rest;
  }
  assertEquals(rests, [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600]);
});

Deno.test("transfers that fail side by side count once", () => {
  const { health } = healthWithClock();
  for (let transfer = 0; transfer < 10; transfer++) health.failed("down");
  assertEquals(health.failures, 1);
  assertEquals(health.rest, 5 * SECOND);
});

Deno.test("an answer ends the rest, and only a success ends the row of failures", () => {
  const { health } = healthWithClock();
  health.failed("cut");
  health.answered(10);
  assertEquals([health.rest, health.failures], [0, 1]);
  health.failed("cut again");
  assertEquals(health.rest, 10 * SECOND);
  health.succeeded();
  assertEquals([health.rest, health.failures], [0, 0]);
  health.failed("and again");
  assertEquals(health.rest, 5 * SECOND);
});

Deno.test("a very long row of failures does not overflow", () => {
  const { clock, health } = healthWithClock();
  for (let failure = 0; failure < 3000; failure++) {
    health.failed("down");
    assertLessOrEqual(health.rest, 600 * SECOND);
    clock.now += health.rest;
  }
});

Deno.test("latency is smoothed over answers", () => {
  const { health } = healthWithClock();
  assertEquals(health.latency, null);
  health.answered(100);
  assertEquals(health.latency, 100);
  health.answered(200);
  assertEquals(health.latency, 120);
});
