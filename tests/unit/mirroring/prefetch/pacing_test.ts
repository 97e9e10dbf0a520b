import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import { BandwidthCap } from "../../../../src/async/bandwidth_cap.ts";
import { Pacing } from "../../../../src/mirroring/prefetch/pacing.ts";
import { FakeClock } from "./fake_clock.ts";

const download = () => ({ done: Promise.withResolvers<never>().promise }) as unknown as Download;

function pacing() {
  const clock = new FakeClock(0, true);
  const clients = new ClientDownloads(() => clock.monotonic());
  const cap = new BandwidthCap(1000, () => clock.monotonic());
  return { clock, clients, pacing: new Pacing({ clients, cap, clock }) };
}

Deno.test("a download that a client has joined does not count against the bandwidth cap", async () => {
  const { signal } = new AbortController();
  const { clock, clients, pacing: paced } = pacing();
  const [joined, other] = [download(), download()];
  clients.addClient(joined);
  await paced.afterChunk(50_000, joined, signal);
  assertEquals(clock.monotonic(), 0);
  await paced.afterChunk(3000, other, signal);
  // Two seconds for the cap; the client was served long after that.
  assertEquals(clock.monotonic(), 10_000);
});

Deno.test("prefetching makes way for ten seconds after a client asked, however long its transfer is", async () => {
  const { signal } = new AbortController();
  const { clock, clients, pacing: paced } = pacing();
  const theirs = download();
  clients.addClient(theirs);
  await paced.untilClientsAreServed(signal);
  assertEquals(clock.monotonic(), 10_000);
  await paced.afterChunk(1, download(), signal);
  assertEquals(clock.monotonic(), 10_000);
  // Another client joins the same transfer.
  clients.addClient(theirs);
  await paced.untilClientsAreServed(signal);
  assertEquals(clock.monotonic(), 20_000);
});

Deno.test("a download that is held back receives a chunk every 20 s, so that mirrors keep the connection", async () => {
  const clock = new FakeClock(0, true);
  const busy = {
    get lastAskedAt() {
      return clock.monotonic();
    },
    has: () => false,
    change: new Promise(() => {}),
  } as unknown as ClientDownloads;
  const paced = new Pacing({ clients: busy, cap: null, clock });
  await paced.afterChunk(1, download(), new AbortController().signal);
  assertEquals(clock.monotonic(), 20_000);
});

Deno.test("a run makes way for ten minutes in all, however busy clients are", async () => {
  const { signal } = new AbortController();
  const { clock, clients, pacing: paced } = pacing();
  for (let file = 0; file < 100; file++) {
    clients.addClient(download());
    await paced.untilClientsAreServed(signal);
  }
  assertEquals(clock.monotonic(), 600_000);
});

Deno.test("a download is not held back once the signal is aborted", async () => {
  const { clock, clients, pacing: paced } = pacing();
  clients.addClient(download());
  const signal = AbortSignal.abort();
  await paced.afterChunk(50_000, download(), signal);
  await paced.untilClientsAreServed(signal);
  assertEquals(clock.monotonic(), 0);
});

Deno.test("the bandwidth cap lets a second's worth through, and makes wait for what is overdrawn", () => {
  let now = 0;
  const cap = new BandwidthCap(1000, () => now);
  assertEquals(cap.take(600), 0);
  assertEquals(cap.take(400), 0);
  assertEquals(cap.take(500), 500);
  assertEquals(cap.take(500), 1000);
  now = 1000;
  assertEquals(cap.take(100), 100);
});

Deno.test("the bandwidth cap saves up no more than a second's worth of idle time", () => {
  let now = 0;
  const cap = new BandwidthCap(1000, () => now);
  cap.take(1000);
  now = 3_600_000;
  assertEquals(cap.take(1000), 0);
  assertEquals(cap.take(1000), 1000);
});

Deno.test("the bandwidth cap lets no more through than the rate and one burst", () => {
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
