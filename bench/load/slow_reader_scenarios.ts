import { measureHits } from "./hit_load.ts";
import type { Scale } from "./scale.ts";
import { loadMeasure, measure, MEBIBYTE, MEGABYTE, type Scenario } from "./scenario.ts";
import { SlowReaders } from "./slow_readers.ts";

const FEW = 50;
const MANY_BYTES_PER_SECOND = 100_000;

/** Hits beside clients that take large files slowly. */
export function slowReaderScenarios(
  { slowReaders: many, hugeMebibytes }: Scale,
): readonly Scenario[] {
  return [
    {
      name: "hit-small-beside-slow",
      measures: [
        measure(
          "hitSmallBesideSlowRequestsPerSecond",
          `hit, 566 B x 16, beside ${FEW} slow readers`,
          "requests/s",
          "higher",
        ),
        loadMeasure("hitSmallBesideSlow", `hit, 566 B x 16, beside ${FEW} slow readers`),
      ],
      run: async (subject, round) => {
        const { small, big } = round.bed.repository;
        await using _readers = await SlowReaders.start({
          port: subject.port,
          path: subject.urlPath(big.path),
          count: FEW,
          bytesPerSecond: MEGABYTE,
        });
        const load = await measureHits(subject, round, { file: small, connections: 16 });
        return [load.requestsPerSecond, load.loadCpuPercent];
      },
    },
    {
      name: "slow-readers",
      measures: [
        measure(
          "slowReadersPeakMiB",
          `${many} slow readers of ${hugeMebibytes} MiB, peak memory`,
          "MiB",
          "lower",
        ),
        measure(
          "slowReadersOthersPercent",
          "  small hits beside them, of those alone",
          "%",
          "higher",
        ),
      ],
      run: async (subject, round) => {
        const { small, huge } = round.bed.repository;
        await subject.hold(huge);
        const alone = await measureHits(subject, round, { file: small, connections: 16 });
        const peak = subject.watchMemory();
        await using _readers = await SlowReaders.start({
          port: subject.port,
          path: subject.urlPath(huge.path),
          count: many,
          bytesPerSecond: MANY_BYTES_PER_SECOND,
        });
        // Until the buffers of the kernel are full, they are not slow.
        await subject.calm();
        const beside = await measureHits(subject, round, { file: small, connections: 16 });
        return [peak() / MEBIBYTE, beside.requestsPerSecond / alone.requestsPerSecond * 100];
      },
    },
  ];
}
