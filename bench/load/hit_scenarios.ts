import { type HitFigures, type HitLoad, measureHits } from "./hit_load.ts";
import { loadMeasure, measure, MEBIBYTE, type Round, type Scenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";

/** What is in the cache already: loads of wrk, and the CPU time that they take. */
export const HIT_SCENARIOS: readonly Scenario[] = [
  byteScenario("hit-big", {
    key: "hitBig",
    title: "hit, 100 MiB x 4",
    load: (_, { bed }) => ({ file: bed.repository.big, connections: 4 }),
  }),
  byteScenario("hit-medium", {
    key: "hitMedium",
    title: "hit, 1 MiB x 16",
    load: (_, { bed }) => ({ file: bed.repository.medium, connections: 16 }),
  }),
  requestScenario("hit-small", {
    key: "hitSmall",
    title: "hit, 566 B x 16",
    load: (_, { bed }) => ({ file: bed.repository.small, connections: 16 }),
  }),
  requestScenario("hit-small-256", {
    key: "hitSmall256",
    title: "hit, 566 B x 256",
    load: (_, { bed }) => ({ file: bed.repository.small, connections: 256 }),
  }),
  byteScenario("hit-range", {
    key: "hitRange",
    title: "range of 1 MiB in 100 MiB x 16",
    load: (_, { bed }) => {
      const { big } = bed.repository;
      const first = big.payload.size / 2;
      const value = `bytes=${first}-${first + MEBIBYTE - 1}`;
      const condition = { name: "Range", value, status: 206, bodyBytes: MEBIBYTE };
      return { file: big, connections: 16, condition };
    },
  }),
  requestScenario("not-modified", {
    key: "notModified",
    title: "304 x 16",
    load: async (subject, { bed }) => {
      const { small } = bed.repository;
      const { headers } = await subject.settle(small);
      const value = headers.get("last-modified");
      if (value === undefined) throw new Error(`${small.path} comes without Last-Modified`);
      const condition = { name: "If-Modified-Since", value, status: 304, bodyBytes: 0 };
      return { file: small, connections: 16, condition };
    },
  }),
];

/** How a load is measured. */
interface LoadedHits {
  /** Begins the keys of its measures. */
  readonly key: string;
  readonly title: string;
  readonly load: (subject: Subject, round: Round) => HitLoad | Promise<HitLoad>;
}

/** A load of small answers, measured by the request. */
function requestScenario(name: string, hits: LoadedHits): Scenario {
  const { key, title } = hits;
  return scenarioOf(name, hits, [
    measure(`${key}RequestsPerSecond`, title, "requests/s", "higher"),
    measure(`${key}CpuMicroseconds`, "  CPU", "µs/request", "lower", 1),
  ], (figures) => [figures.requestsPerSecond, figures.cpuMicrosecondsPerRequest]);
}

/** A load of large answers, measured by the byte. */
function byteScenario(name: string, hits: LoadedHits): Scenario {
  const { key, title } = hits;
  return scenarioOf(name, hits, [
    measure(`${key}MegabytesPerSecond`, title, "MB/s", "higher"),
    measure(`${key}CpuSecondsPerGigabyte`, "  CPU", "s/GB", "lower", 3),
  ], (figures) => [figures.megabytesPerSecond, figures.cpuSecondsPerGigabyte]);
}

function scenarioOf(
  name: string,
  { key, title, load }: LoadedHits,
  measures: Scenario["measures"],
  ofFigures: (figures: HitFigures) => readonly number[],
): Scenario {
  return {
    name,
    measures: [...measures, loadMeasure(key, title)],
    run: async (subject, round) => {
      const figures = await measureHits(subject, round, await load(subject, round));
      return [...ofFigures(figures), figures.loadCpuPercent];
    },
  };
}
