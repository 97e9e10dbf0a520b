import type { Mirror } from "./nginx.ts";
import type { FreshFiles } from "./repository.ts";
import type { Bed, Subject } from "./subject.ts";

/** A figure that a scenario measures, and how a table shows it. */
export interface Measure {
  /** Unique, for the JSON. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly digits: number;
}

/** What a scenario has to hand. */
export interface Round {
  readonly bed: Bed;
  readonly mirror: Mirror;
  /** Names that the subject has not been asked for. */
  readonly fresh: FreshFiles;
  /** How long each load of wrk lasts. */
  readonly loadSeconds: number;
}

/** One way of using a subject. Each call is one measurement and returns one figure per measure. */
export interface Scenario {
  readonly name: string;
  readonly measures: readonly Measure[];
  readonly run: (subject: Subject, round: Round) => Promise<readonly number[]>;
}

export const MEGABYTE = 1e6;
export const GIGABYTE = 1e9;

/** A measure; `title` is for the table, and a second one of a scenario is indented in it. */
export function measure(
  key: string,
  title: string,
  unit: string,
  better: Measure["better"],
  digits = 0,
): Measure {
  return { key, title, unit, better, digits };
}
