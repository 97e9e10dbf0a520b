/** A broken rule, with what led to it. */
export interface Finding {
  readonly rule: string;
  readonly what: string;
}

const SHOWN_PER_RULE = 3;

/** Collects broken rules, and counts what was checked. */
export class Findings {
  readonly all: Finding[] = [];
  readonly checked = new Map<string, number>();
  readonly #write: (line: string) => void;
  readonly #context: () => readonly string[];

  /** `context` returns the latest events, which are printed with the first finding of a rule. */
  constructor(write: (line: string) => void, context: () => readonly string[]) {
    this.#write = write;
    this.#context = context;
  }

  /** Counts a check; the rule is broken unless it holds. */
  check(rule: string, holds: boolean, what: () => string): void {
    this.checked.set(rule, (this.checked.get(rule) ?? 0) + 1);
    if (!holds) this.add(rule, what());
  }

  add(rule: string, what: string): void {
    this.all.push({ rule, what });
    const count = this.all.filter((finding) => finding.rule === rule).length;
    if (count > SHOWN_PER_RULE) return;
    this.#write(`BROKEN: ${rule}: ${what}`);
    if (count > 1) return;
    for (const line of this.#context()) this.#write(`    ${line}`);
  }

  /** Lines with the number of findings of each broken rule. */
  summary(): string[] {
    const counts = new Map<string, number>();
    for (const { rule } of this.all) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return [...counts].map(([rule, count]) => `${count} x ${rule}`);
  }
}
