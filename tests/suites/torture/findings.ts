/** A broken rule, with what showed it. */
export interface Finding {
  readonly rule: string;
  readonly what: string;
}

const SHOWN_PER_RULE = 3;

/** Collects broken rules, and counts what was checked. */
export class Findings {
  readonly all: Finding[] = [];
  #context: () => readonly string[] = () => [];
  #shown = new Map<string, number>();
  readonly #checked = new Map<string, number>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Begins a scene. `context` returns its latest events, which are printed with findings. */
  begin(context: () => readonly string[]): void {
    this.#context = context;
    this.#shown = new Map();
  }

  /** Counts a check; the rule is broken unless it holds. */
  check(rule: string, holds: boolean, what: () => string): void {
    this.#checked.set(rule, (this.#checked.get(rule) ?? 0) + 1);
    if (!holds) this.add(rule, what());
  }

  add(rule: string, what: string): void {
    this.all.push({ rule, what });
    const shown = this.#shown.get(rule) ?? 0;
    if (shown >= SHOWN_PER_RULE) return;
    this.#shown.set(rule, shown + 1);
    this.#write(`BROKEN: ${rule}: ${what}`);
    if (shown > 0) return;
    for (const line of this.#context()) this.#write(`    ${line}`);
  }

  /** Lines with the number of checks of each rule. */
  counts(): string[] {
    const sorted = [...this.#checked].toSorted(([a], [b]) => a < b ? -1 : 1);
    return sorted.map(([rule, count]) => `${String(count).padStart(8)} x ${rule}`);
  }

  /** Lines with the number of findings of each broken rule. */
  summary(): string[] {
    return [...this.#broken()].map(([rule, count]) => `${count} x ${rule}`);
  }

  /** The number of rules that were kept and of those that were broken. */
  verdict(): { kept: number; broken: number } {
    const broken = this.#broken();
    const kept = [...this.#checked.keys()].filter((rule) => !broken.has(rule)).length;
    return { kept, broken: broken.size };
  }

  #broken(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { rule } of this.all) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return counts;
  }
}
