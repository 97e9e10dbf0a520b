import type { Measure } from "./scenario.ts";
import { median } from "./statistics.ts";

/** How a subject stands to the reference in one measure. */
export interface Ratio {
  /** The median of the ratios within each round. */
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The figures of a run, by measure, subject and round. */
export class Results {
  readonly #figures = new Map<string, Map<string, Map<number, number>>>();
  /** What went wrong; the figure of that round is missing. */
  readonly failures: string[] = [];

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
