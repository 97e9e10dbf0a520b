import { assertEquals, assertLessOrEqual } from "@std/assert";
import { MirrorHealth } from "../../../../src/mirroring/mirrors/mirror_health.ts";

const SECOND_MS = 1000;

function healthWithClock() {
  const clock = { now: 1_000_000 };
  return { clock, health: new MirrorHealth(() => clock.now) };
}

Deno.test("a mirror rests after a failure, for five seconds", () => {
  const { clock, health } = healthWithClock();
  assertEquals(health.restMs, 0);
  health.recordFailure("down");
  assertEquals(health.restMs, 5 * SECOND_MS);
  clock.now += 4 * SECOND_MS;
  assertEquals(health.restMs, SECOND_MS);
  clock.now += SECOND_MS;
  assertEquals(health.restMs, 0);
  assertEquals(health.lastError, "down");
});

Deno.test("each failure in a row doubles the rest, up to ten minutes", () => {
  const { clock, health } = healthWithClock();
  const rests: number[] = [];
  for (let failure = 0; failure < 12; failure++) {
    health.recordFailure("down");
    rests.push(health.restMs / SECOND_MS);
    clock.now += health.restMs;
  }
  assertEquals(rests, [5, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600]);
});

Deno.test("transfers that fail side by side count once", () => {
  const { health } = healthWithClock();
  for (let transfer = 0; transfer < 10; transfer++) health.recordFailure("down");
  assertEquals(health.failures, 1);
  assertEquals(health.restMs, 5 * SECOND_MS);
});

Deno.test("a response ends the rest, and only a success ends the row of failures", () => {
  const { health } = healthWithClock();
  health.recordFailure("cut");
  health.recordResponse(10);
  assertEquals([health.restMs, health.failures], [0, 1]);
  health.recordFailure("cut again");
  assertEquals(health.restMs, 10 * SECOND_MS);
  health.recordSuccess();
  assertEquals([health.restMs, health.failures], [0, 0]);
  health.recordFailure("and again");
  assertEquals(health.restMs, 5 * SECOND_MS);
});

Deno.test("a very long row of failures does not overflow", () => {
  const { clock, health } = healthWithClock();
  for (let failure = 0; failure < 3000; failure++) {
    health.recordFailure("down");
    assertLessOrEqual(health.restMs, 600 * SECOND_MS);
    clock.now += health.restMs;
  }
});

Deno.test("latency is smoothed over responses", () => {
  const { health } = healthWithClock();
  assertEquals(health.latencyMs, null);
  health.recordResponse(100);
  assertEquals(health.latencyMs, 100);
  health.recordResponse(200);
  assertEquals(health.latencyMs, 120);
});

Deno.test("a mirror that requests to be left alone is, however well other transfers end", () => {
  const { clock, health } = healthWithClock();
  health.recordFailure("answered 429", 60 * SECOND_MS);
  health.recordSuccess();
  health.recordResponse(10);
  assertEquals([health.leftAloneMs, health.restMs], [60 * SECOND_MS, 60 * SECOND_MS]);
  clock.now += 60 * SECOND_MS;
  assertEquals([health.leftAloneMs, health.restMs], [0, 0]);
});

Deno.test("no mirror is left alone for more than ten minutes, or for less than any failure", () => {
  const { health } = healthWithClock();
  health.recordFailure("answered 503", 24 * 3_600 * SECOND_MS);
  assertEquals(health.leftAloneMs, 600 * SECOND_MS);
  const { health: other } = healthWithClock();
  other.recordFailure("answered 503", SECOND_MS);
  assertEquals([other.leftAloneMs, other.restMs], [SECOND_MS, 5 * SECOND_MS]);
});
