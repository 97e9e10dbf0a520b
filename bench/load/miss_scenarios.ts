import { exchange } from "./client.ts";
import { Probe } from "./probe.ts";
import { GIGABYTE, measure, MEGABYTE, type Round, type Scenario } from "./scenario.ts";
import { median } from "./statistics.ts";
import type { Subject } from "./subject.ts";

/** How many fresh files a round takes: one alone would be at the mercy of the disk. */
export const FRESH_FILES_PER_ROUND = { misses: 3, firstBytes: 10 };

const HERD_CLIENTS = 50;

/** What is not in the cache yet. */
export const MISS_SCENARIOS: readonly Scenario[] = [
  {
    name: "miss",
    measures: [
      measure("missMegabytesPerSecond", "miss, 100 MiB", "MB/s", "higher"),
      measure("missCpuSecondsPerGigabyte", "  CPU", "s/GB", "lower", 2),
    ],
    run: async (subject, { fresh: { misses } }) => {
      const speeds: number[] = [];
      let cpuSeconds = 0;
      let bytes = 0;
      for (const file of misses) {
        const cpuBefore = subject.cpuSeconds();
        const response = await subject.fetchVerified(file);
        subject.requireMiss(response, file);
        await subject.settle(file);
        cpuSeconds += subject.cpuSeconds() - cpuBefore;
        bytes += response.bodyBytes;
        speeds.push(response.bodyBytes / MEGABYTE / (response.durationMs / 1000));
        await subject.discard(file);
      }
      return [median(speeds), cpuSeconds / (bytes / GIGABYTE)];
    },
  },
  {
    name: "herd",
    measures: [
      measure("herdSeconds", `${HERD_CLIENTS} clients on a miss, 100 MiB`, "s", "lower", 2),
      measure("herdCpuSeconds", "  CPU", "s", "lower", 2),
      measure("herdUpstreamCopies", "  fetched from the mirror", "copies", "lower", 2),
      measure("herdLongestMs", "  longest answer to a small hit meanwhile", "ms", "lower", 1),
    ],
    run: runHerd,
  },
  {
    name: "first-byte",
    measures: [measure("missFirstByteMs", "first byte of a miss, 1 MiB", "ms", "lower", 2)],
    run: async (subject, { fresh: { firstBytes } }) => {
      const times: number[] = [];
      for (const file of firstBytes) {
        const response = await subject.fetchVerified(file);
        subject.requireMiss(response, file);
        times.push(response.firstByteMs);
        await subject.settle(file);
      }
      for (const file of firstBytes) await subject.discard(file);
      return [median(times)];
    },
  },
];

async function runHerd(
  subject: Subject,
  { bed, mirror, fresh: { herd } }: Round,
): Promise<readonly number[]> {
  const { bytes } = herd.payload;
  const sentBefore = await mirror.bytesSentOf(herd.path);
  // Two bytes of each piece show whether it belongs there, at no cost; all of them are compared
  // once, below.
  const onPiece = (piece: Uint8Array, offset: number) => {
    const last = piece.length - 1;
    if (piece[0] !== bytes[offset] || piece[last] !== bytes[offset + last]) {
      throw new Error(`Wrong bytes at ${offset} of ${herd.path}`);
    }
  };
  const probe = await Probe.start(subject.port, subject.urlPath(bed.repository.small.path));
  const cpuBefore = subject.cpuSeconds();
  const startedAt = performance.now();
  const clients = Array.from(
    { length: HERD_CLIENTS },
    () => exchange(subject.port, subject.urlPath(herd.path), { onPiece }),
  );
  // Even if one fails, nothing of the others may be left for the next measurement.
  await Promise.allSettled(clients);
  const seconds = (performance.now() - startedAt) / 1000;
  const responses = await Promise.all(clients);
  const incomplete = responses.find(({ status, bodyBytes }) =>
    status !== 200 || bodyBytes !== bytes.length
  );
  if (incomplete !== undefined) {
    throw new Error(
      `A client got status ${incomplete.status} and ${incomplete.bodyBytes} bytes of ${herd.path}`,
    );
  }
  const { longestMs } = await probe.stop();
  await subject.settle(herd);
  const cpuSeconds = subject.cpuSeconds() - cpuBefore;
  await subject.fetchVerified(herd);
  const copies = (await mirror.bytesSentOf(herd.path) - sentBefore) / bytes.length;
  await subject.discard(herd);
  return [seconds, cpuSeconds, copies, longestMs];
}
