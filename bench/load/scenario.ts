import type { Bed } from "./instance.ts";
import type { Mirror } from "./nginx.ts";
import type { FreshFiles } from "./repository.ts";
import type { Subject } from "./subject.ts";

/** A figure that a scenario measures, and how a table shows it. */
export interface Measure {
  /** Unique, for the JSON. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly digits: number;
  /** Whether it is about the load and not the subject: it has a table of its own. */
  readonly isOfLoad: boolean;
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

/** What some subjects can do and a scenario may need. */
export type Ability =
  /** To fetch one file from several mirrors. */
  | "stripes"
  /** To refresh its databases when it is told to, and to check packages against them. */
  | "refresh"
  /** To start with a cache of the layout of pkgstash. */
  | "cache layout";

/** One way of using a subject. */
export interface Scenario {
  readonly name: string;
  readonly measures: readonly Measure[];
  /** Subjects without it are left out. */
  readonly needs?: Ability;
  /** Whether each measurement is of a new instance, so that there is nothing to warm up. */
  readonly isOfNewInstances?: true;
  /**
   * Each call is one measurement. It returns one figure per measure, in their order; null where the
   * measure means nothing for the subject.
   */
  readonly run: (subject: Subject, round: Round) => Promise<readonly (number | null)[]>;
}

export const MEGABYTE = 1e6;
export const GIGABYTE = 1e9;
export const MEBIBYTE: number = 1024 ** 2;

/** A measure; `title` is for the table, and a second one of a scenario is indented in it. */
export function measure(
  key: string,
  title: string,
  unit: string,
  better: Measure["better"],
  digits = 0,
): Measure {
  return { key, title, unit, better, digits, isOfLoad: false };
}

/** How busy the load generator was: at 100 % it is what was measured, and not the subject. */
export function loadMeasure(key: string, title: string): Measure {
  return {
    key: `${key}LoadCpuPercent`,
    title,
    unit: "%",
    better: "lower",
    digits: 0,
    isOfLoad: true,
  };
}
