import { assertEquals } from "@std/assert";
import { Mirror } from "../../../../src/mirroring/mirrors/mirror.ts";
import type { RivalsRequest, TransferRate } from "../../../../src/mirroring/mirrors/rivals.ts";
import { Upstream } from "../../../../src/mirroring/mirrors/upstream.ts";
import { HttpClient } from "../../../../src/platform/http_client.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";

const REQUEST: RivalsRequest = {
  repository: {
    upstream: "arch",
    name: "core",
    architecture: "x86_64",
    directory: "core/os/x86_64",
  },
  fileName: "a-1-1-any.pkg.tar.zst",
};
const SHORT_MS = 10_000;
const LONG_MS = 40_000;

type Rate = Partial<Pick<TransferRate, "remainingMs" | "isSure"> & Pick<RivalsRequest, "only">>;

/** An upstream whose mirrors give these rates in kB/s; null where nothing is known. */
function upstreamOf(rates: readonly (number | null)[], minimumBytesPerSecond = 0) {
  const clock = { now: 0 };
  const mirrors = rates.map((rate, index) => {
    const name = String.fromCharCode(97 + index);
    const now = () => clock.now;
    const mirror = new Mirror({ name, address: name, urlOf: () => null, now });
    if (rate !== null) mirror.health.recordBytes({ bytes: rate * 10_000, waitedMs: 10_000 });
    return mirror;
  });
  const upstream = new Upstream({
    name: "arch",
    mirrors,
    archive: null,
    client: new HttpClient({ userAgent: "test", upstreamProxy: null }),
    limits: {
      raceTimeoutMs: 1,
      stallTimeoutMs: 1,
      answerTimeoutMs: 1,
      minimumBytesPerSecond,
      stripeThresholdBytes: 0,
    },
    metrics: new Metrics(),
  });
  /** Those worth a try beside a transfer of `rate` kB/s from a mirror that is none of them. */
  const rivals = (rate: number, { remainingMs = SHORT_MS, isSure = true, ...more }: Rate = {}) =>
    upstream.rivals({ ...REQUEST, ...more }, { bytesPerSecond: rate * 1000, remainingMs, isSure })
      .map(({ name }) => name).toSorted().join("");
  return { upstream, mirrors, rivals, [Symbol.dispose]: () => upstream.close() };
}

Deno.test("a mirror is a rival if it was seen to be four times as fast", () => {
  using bed = upstreamOf([390, 410, 4_000]);
  assertEquals(bed.rivals(100), "bc");
  assertEquals(bed.rivals(100, { isSure: false }), "bc", "evidence is enough");
});

Deno.test("twice as fast is enough beside a transfer below the minimum rate, once that is sure", () => {
  using bed = upstreamOf([190, 210], 150_000);
  assertEquals(bed.rivals(100), "b");
  assertEquals(bed.rivals(100, { isSure: false }), "");
  assertEquals(bed.rivals(160), "", "above the minimum rate");
});

Deno.test("a mirror that nothing is known of is a rival of a slow transfer or a long one", () => {
  using bed = upstreamOf([null], 50_000);
  assertEquals(bed.rivals(40), "a");
  assertEquals(bed.rivals(40, { isSure: false }), "");
  assertEquals(bed.rivals(60), "");
  assertEquals(bed.rivals(60, { remainingMs: LONG_MS }), "a");
});

Deno.test("transfers that share the line make no mirror slow", () => {
  using bed = upstreamOf([1_000, null]);
  assertEquals(bed.rivals(100), "a");
  bed.mirrors[1]!.health.inFlight = 5;
  assertEquals(bed.rivals(100), "", "five at 100 kB/s are half of what one had");
  assertEquals(bed.rivals(10), "a");
});

Deno.test("a mirror that rests, has many transfers, or sent something else is no rival", () => {
  using bed = upstreamOf([90_000, 90_000, 90_000, 90_000]);
  const [a, b, c] = bed.mirrors;
  a!.health.recordFailure("down");
  b!.health.inFlight = 6;
  bed.upstream.pool.refuse(c!, { directory: "core/os/x86_64", fileName: REQUEST.fileName });
  assertEquals(bed.rivals(10), "d");
});

Deno.test("a transfer that may come from some mirrors only has no other rivals", () => {
  using bed = upstreamOf([90_000, 90_000]);
  assertEquals(bed.rivals(10, { only: [bed.mirrors[1]!] }), "b");
});
