import { assertEquals } from "@std/assert";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import { BandwidthCap } from "../../../../src/mirroring/prefetch/bandwidth_cap.ts";
import { Pacing } from "../../../../src/mirroring/prefetch/pacing.ts";
import { FakeClock } from "./fake_clock.ts";

const download = () => ({ done: Promise.withResolvers<never>().promise }) as unknown as Download;

function pacing() {
  const clock = new FakeClock(0, true);
  const clients = new ClientDownloads();
  const cap = new BandwidthCap(1000, () => clock.monotonic());
  return { clock, clients, pacing: new Pacing({ clients, cap, clock }) };
}

Deno.test("what a client takes part in does not count against the bandwidth cap", async () => {
  const { signal } = new AbortController();
  const { clock, clients, pacing: paced } = pacing();
  const [joined, other] = [download(), download()];
  clients.addClient(joined);
  await paced.afterChunk(50_000, joined, signal);
  assertEquals(clock.monotonic(), 0);
  await paced.afterChunk(3000, other, signal);
  // Two seconds for the cap, then as long as can be for the client.
  assertEquals(clock.monotonic(), 22_000);
});

Deno.test("nothing is held back once the signal is aborted", async () => {
  const { clock, clients, pacing: paced } = pacing();
  clients.addClient(download());
  const signal = AbortSignal.abort();
  await paced.afterChunk(50_000, download(), signal);
  await paced.untilClientsAreServed(signal);
  assertEquals(clock.monotonic(), 0);
});
