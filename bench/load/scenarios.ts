import { HIT_SCENARIOS } from "./hit_scenarios.ts";
import { MISS_SCENARIOS } from "./miss_scenarios.ts";
import { type Measure, measure, type Scenario } from "./scenario.ts";

/** The most memory of a subject within a round; no scenario measures it by itself. */
export const ROUND_MEMORY = measure("roundResidentMiB", "peak memory of a round", "MiB", "lower");

/** The most memory in the whole run, warming up included: one figure, and one of chance. */
export const PEAK_MEMORY = measure("peakResidentMiB", "  of the run", "MiB", "lower");

/** All scenarios, in the order in which a round runs them. */
export const SCENARIOS: readonly Scenario[] = [
  ...HIT_SCENARIOS,
  ...MISS_SCENARIOS,
  {
    name: "start",
    measures: [measure("startMs", "exec to first answer", "ms", "lower", 1)],
    run: async (subject) => [await subject.measureStartMs()],
  },
];

/** What the scenarios of these names measure, in the order of a table. */
export function measuresOf(names: readonly string[]): readonly Measure[] {
  const chosen = SCENARIOS.filter(({ name }) => names.includes(name));
  return [...chosen.flatMap(({ measures }) => measures), ROUND_MEMORY, PEAK_MEMORY];
}
