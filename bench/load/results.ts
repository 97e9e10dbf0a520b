import type { Measure, Scenario } from "./scenario.ts";
import { median } from "./statistics.ts";

/** How a subject stands to the reference in one measure. */
export interface Ratio {
  /** The median of the ratios within each round. */
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** A measurement that failed. */
interface Failure {
  readonly subject: string;
  /** Null if the subject could not be started at all. */
  readonly scenario: Scenario | null;
  readonly round: number;
  readonly reason: string;
}

/** The figures of a run, by measure, subject and round. */
export class Results {
  readonly #figures = new Map<string, Map<string, Map<number, number>>>();
  readonly #failures: Failure[] = [];

  /** What went wrong, for people. */
  get failures(): readonly string[] {
    return this.#failures.map(({ subject, scenario, round, reason }) =>
      scenario === null
        ? `${subject} is left out: ${reason}`
        : `${subject}, ${scenario.name}, round ${round}: ${reason}`
    );
  }

  /** Notes that a measurement failed: its figures are missing, and nothing else. */
  fail(of: Omit<Failure, "reason">, error: unknown): void {
    this.#failures.push({ ...of, reason: error instanceof Error ? error.message : String(error) });
  }

  /** Whether a figure is missing because of a failure. */
  hasFailed(measure: Measure, subject: string): boolean {
    return this.#failures.some((failure) =>
      failure.subject === subject &&
      (failure.scenario === null || failure.scenario.measures.includes(measure))
    );
  }

  add(measure: Measure, subject: string, round: number, figure: number): void {
    const subjects = this.#figures.get(measure.key) ?? new Map();
    this.#figures.set(measure.key, subjects);
    const rounds = subjects.get(subject) ?? new Map();
    subjects.set(subject, rounds);
    rounds.set(round, figure);
  }

  /** The figures of all rounds that gave one, in order. */
  figures(measure: Measure, subject: string): readonly number[] {
    return [...this.#rounds(measure, subject).values()];
  }

  /** The median over the rounds; null if no round gave a figure. */
  figure(measure: Measure, subject: string): number | null {
    const figures = this.figures(measure, subject);
    return figures.length === 0 ? null : median(figures);
  }

  /**
   * What is compared is always measured within a round, minutes at the most apart: the machine may
   * have been busier in the next one, for all. Null if no round has both figures.
   */
  ratio(measure: Measure, subject: string, reference: string): Ratio | null {
    const others = this.#rounds(measure, reference);
    const ratios: number[] = [];
    for (const [round, figure] of this.#rounds(measure, subject)) {
      const other = others.get(round);
      if (other !== undefined && other > 0) ratios.push(figure / other);
    }
    if (ratios.length === 0) return null;
    return {
      median: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
    };
  }

  #rounds(measure: Measure, subject: string): ReadonlyMap<number, number> {
    return this.#figures.get(measure.key)?.get(subject) ?? new Map();
  }
}
