import { exchange } from "./client.ts";
import type { PackageFile } from "./repository.ts";
import { GIGABYTE, measure, MEGABYTE, type Round, type Scenario } from "./scenario.ts";
import { SlowReaders } from "./slow_readers.ts";
import type { Subject } from "./subject.ts";
import { runWrk } from "./wrk.ts";

const SLOW_READERS = 50;
const RANGE_BYTES = 1024 ** 2;

/** What is in the cache already: loads of wrk, and the CPU time that they take. */
export const HIT_SCENARIOS: readonly Scenario[] = [
  {
    name: "hit-big",
    measures: [
      measure("hitBigMegabytesPerSecond", "hit, 100 MiB x 4", "MB/s", "higher"),
      measure("hitBigCpuSecondsPerGigabyte", "  CPU", "s/GB", "lower", 3),
    ],
    run: async (subject, round) => {
      const load = await loadHits(subject, round, round.bed.repository.big, 4);
      return [
        load.bytes / MEGABYTE / (load.durationMs / 1000),
        load.cpuSeconds / (load.bytes / GIGABYTE),
      ];
    },
  },
  {
    name: "hit-medium",
    measures: [measure("hitMediumMegabytesPerSecond", "hit, 1 MiB x 16", "MB/s", "higher")],
    run: async (subject, round) => {
      const load = await loadHits(subject, round, round.bed.repository.medium, 16);
      return [load.bytes / MEGABYTE / (load.durationMs / 1000)];
    },
  },
  {
    name: "hit-small",
    measures: [
      measure("hitSmallRequestsPerSecond", "hit, 566 B x 16", "requests/s", "higher"),
      measure("hitSmallCpuMicroseconds", "  CPU", "µs/request", "lower", 1),
    ],
    run: async (subject, round) => {
      const load = await loadHits(subject, round, round.bed.repository.small, 16);
      return [
        load.requests / (load.durationMs / 1000),
        load.cpuSeconds * 1e6 / load.requests,
      ];
    },
  },
  {
    name: "hit-small-256",
    measures: [
      measure("hitSmall256RequestsPerSecond", "hit, 566 B x 256", "requests/s", "higher"),
    ],
    run: async (subject, round) => {
      const load = await loadHits(subject, round, round.bed.repository.small, 256);
      return [load.requests / (load.durationMs / 1000)];
    },
  },
  {
    name: "hit-range",
    measures: [
      measure("hitRangeMegabytesPerSecond", "range of 1 MiB in 100 MiB x 16", "MB/s", "higher"),
    ],
    run: loadRanges,
  },
  {
    name: "not-modified",
    measures: [measure("notModifiedRequestsPerSecond", "304 x 16", "requests/s", "higher")],
    run: loadNotModified,
  },
  {
    name: "hit-small-beside-slow",
    measures: [
      measure(
        "hitSmallBesideSlowRequestsPerSecond",
        `hit, 566 B x 16, beside ${SLOW_READERS} slow readers`,
        "requests/s",
        "higher",
      ),
    ],
    run: async (subject, round) => {
      const { small, big } = round.bed.repository;
      await using _readers = await SlowReaders.start({
        port: subject.port,
        path: subject.urlPath(big.path),
        count: SLOW_READERS,
        bytesPerSecond: MEGABYTE,
      });
      const load = await loadHits(subject, round, small, 16);
      return [load.requests / (load.durationMs / 1000)];
    },
  },
];

async function loadHits(
  subject: Subject,
  { bed, loadSeconds }: Round,
  file: PackageFile,
  connections: number,
) {
  await subject.settle(file);
  const cpuBefore = subject.cpuSeconds();
  const load = await runWrk(bed.workspace, {
    port: subject.port,
    path: subject.urlPath(file.path),
    connections,
    durationSeconds: loadSeconds,
  });
  const cpuSeconds = subject.cpuSeconds() - cpuBefore;
  if (load.bytes < load.requests * file.payload.bytes.length) {
    throw new Error(`The answers for ${file.path} were too short`);
  }
  return { ...load, cpuSeconds };
}

/** A range in the middle of the file that is there. */
async function loadRanges(
  subject: Subject,
  { bed, loadSeconds }: Round,
): Promise<readonly number[]> {
  const { big } = bed.repository;
  const path = subject.urlPath(big.path);
  const first = big.payload.bytes.length / 2;
  const range = `bytes=${first}-${first + RANGE_BYTES - 1}`;
  await subject.settle(big);
  const answer = await exchange(subject.port, path, { headers: { "Range": range } });
  if (answer.status !== 206 || answer.bodyBytes !== RANGE_BYTES) {
    throw new Error(`Status ${answer.status} and ${answer.bodyBytes} bytes for a range of ${path}`);
  }
  const load = await runWrk(bed.workspace, {
    port: subject.port,
    path,
    connections: 16,
    durationSeconds: loadSeconds,
    header: `Range: ${range}`,
  });
  return [load.bytes / MEGABYTE / (load.durationMs / 1000)];
}

async function loadNotModified(
  subject: Subject,
  { bed, loadSeconds }: Round,
): Promise<readonly number[]> {
  const path = subject.urlPath(bed.repository.small.path);
  const { headers } = await subject.settle(bed.repository.small);
  const date = headers.get("last-modified");
  if (date === undefined) throw new Error(`${path} comes without Last-Modified`);
  const { status } = await exchange(subject.port, path, { headers: { "If-Modified-Since": date } });
  if (status !== 304) throw new Error(`Status ${status} instead of 304 for ${path}`);
  const load = await runWrk(bed.workspace, {
    port: subject.port,
    path,
    connections: 16,
    durationSeconds: loadSeconds,
    header: `If-Modified-Since: ${date}`,
  });
  return [load.requests / (load.durationMs / 1000)];
}
