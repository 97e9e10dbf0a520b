/** How long the same evidence is ignored after it was accepted; doubles each time. */
const FIRST_REST_MS = 5_000;
const MAX_REST_MS = 300_000;
/** How long no further evidence is accepted; doubles as well. */
const FIRST_ANY_REST_MS = 1_000;
const MAX_ANY_REST_MS = 60_000;
/** More causes than any repository gives at a time. */
const MAX_EVIDENCE = 1_000;

/**
 * Evidence that a served database is outdated. It is believed at first, and less each time it
 * recurs for the same database: neither a client nor a mirror that permanently lacks a file can
 * turn every request into a question to the mirrors.
 */
export class Doubts {
  readonly #now: () => number;
  readonly #byEvidence = new Map<string, { until: number; restMs: number }>();
  #anyUntil = -Infinity;
  #anyRestMs = FIRST_ANY_REST_MS;
  /** Number of causes to doubt. */
  #raised = 0;
  /** Number of causes dealt with. */
  #settled = 0;

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether there is cause to ask the mirrors. */
  get isOpen(): boolean {
    return this.#raised > this.#settled;
  }

  /** Number of causes to doubt, for `settle`. */
  get raised(): number {
    return this.#raised;
  }

  /** Adds evidence; false if it was heard shortly before. */
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

  /** Forgets all evidence, because another database is served. */
  forget(): void {
    this.#byEvidence.clear();
    this.#anyUntil = -Infinity;
    this.#anyRestMs = FIRST_ANY_REST_MS;
  }
}
