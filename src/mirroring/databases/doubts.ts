/** Time for which the same evidence is not taken again; it doubles each time that it is. */
const FIRST_REST_MS = 5_000;
const MAX_REST_MS = 300_000;
/** Time for which no further evidence is taken; it doubles as well. */
const FIRST_ANY_REST_MS = 1_000;
const MAX_ANY_REST_MS = 60_000;
/** Above the number of causes that any repository gives at a time. */
const MAX_EVIDENCE = 1_000;

/**
 * Evidence that a served database is out of date. It is taken to be true once and believed less each
 * time that it comes again for the same database: neither a client nor a mirror that lacks one file
 * for good can make every request a question to the mirrors.
 */
export class Doubts {
  readonly #now: () => number;
  readonly #byEvidence = new Map<string, { until: number; restMs: number }>();
  #anyUntil = -Infinity;
  #anyRestMs = FIRST_ANY_REST_MS;
  /** How often there was cause to doubt. */
  #raised = 0;
  /** How many causes have been dealt with. */
  #settled = 0;

  /** `now` returns the milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether there is cause to ask the mirrors. */
  get isOpen(): boolean {
    return this.#raised > this.#settled;
  }

  /** How often there was cause to doubt, for `settle`. */
  get raised(): number {
    return this.#raised;
  }

  /** Adds evidence; false if it was heard a short while ago. */
  add(evidence: string): boolean {
    const now = this.#now();
    const heard = this.#byEvidence.get(evidence);
    if (now < this.#anyUntil || (heard !== undefined && now < heard.until)) return false;
    const restMs = heard === undefined ? FIRST_REST_MS : Math.min(MAX_REST_MS, heard.restMs * 2);
    this.#byEvidence.delete(evidence);
    this.#byEvidence.set(evidence, { until: now + restMs, restMs });
    const [oldest] = this.#byEvidence.keys();
    if (this.#byEvidence.size > MAX_EVIDENCE && oldest !== undefined) {
      this.#byEvidence.delete(oldest);
    }
    this.#anyUntil = now + this.#anyRestMs;
    this.#anyRestMs = Math.min(MAX_ANY_REST_MS, this.#anyRestMs * 2);
    this.#raised++;
    return true;
  }

  /** Raises a doubt that needs no proof. */
  raise(): void {
    this.#raised++;
  }

  /** Records that the mirrors confirmed the database after `raised` causes to doubt. */
  settle(raised: number): void {
    this.#settled = Math.max(this.#settled, raised);
  }

  /** Forgets all evidence: another database is served. */
  forget(): void {
    this.#byEvidence.clear();
    this.#anyUntil = -Infinity;
    this.#anyRestMs = FIRST_ANY_REST_MS;
  }
}
