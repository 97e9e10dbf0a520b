import { HIT_SCENARIOS } from "./hit_scenarios.ts";
import { mirrorScenarios } from "./mirror_scenarios.ts";
import { MISS_SCENARIOS } from "./miss_scenarios.ts";
import type { Scale } from "./scale.ts";
import { type Measure, measure, type Scenario } from "./scenario.ts";
import { slowReaderScenarios } from "./slow_reader_scenarios.ts";
import { startScenarios } from "./start_scenarios.ts";

/** The most memory of a subject within a round; no scenario measures it by itself. */
export const ROUND_MEMORY = measure("roundResidentMiB", "peak memory of a round", "MiB", "lower");

/** The most memory in the whole run, warming up included: one figure, and one of chance. */
export const PEAK_MEMORY = measure("peakResidentMiB", "  of the run", "MiB", "lower");

/** All scenarios, in the order in which a round runs them. */
export function scenariosOf(scale: Scale): readonly Scenario[] {
  return [
    ...HIT_SCENARIOS,
    ...slowReaderScenarios(scale),
    ...MISS_SCENARIOS,
    ...mirrorScenarios(scale),
    ...startScenarios(scale),
  ];
}

/** What these scenarios measure, in the order of a table. */
export function measuresOf(scenarios: readonly Scenario[]): readonly Measure[] {
  return [...scenarios.flatMap(({ measures }) => measures), ROUND_MEMORY, PEAK_MEMORY];
}
