/** More than any number of concurrent requests. */
const MAX_FILES = 10_000;
/** How long to remember a file the first time. */
const FIRST_AGE_MS = 10_000;

interface Missing {
  /** See `Snapshots.epochOf`. */
  epoch: number;
  /** Milliseconds of the monotonic clock. */
  until: number;
  ageMs: number;
}

/**
 * Files that no mirror has, remembered for a while so that asking again costs nothing: for seconds
 * at first, since a file may be on its way, and twice as long each time that it is still missing. A
 * new database or a refresh forgets them all.
 */
export class MissingFiles {
  readonly #now: () => number;
  readonly #byKey = new Map<string, Missing>();

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Remembers a file by its key, for `maxAgeMs` at most, and forgets the oldest if there are too
   * many.
   */
  add(key: string, epoch: number, maxAgeMs: number): void {
    const before = this.#byKey.get(key);
    const ageMs = Math.min(maxAgeMs, before?.epoch === epoch ? before.ageMs * 2 : FIRST_AGE_MS);
    this.#byKey.delete(key);
    this.#byKey.set(key, { epoch, until: this.#now() + ageMs, ageMs });
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > MAX_FILES && oldest !== undefined) this.#byKey.delete(oldest);
  }

  /** Forgets a file, because it may exist by now. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** Whether a file was missing recently, in the same epoch. */
  has(key: string, epoch: number): boolean {
    const missing = this.#byKey.get(key);
    return missing !== undefined && missing.epoch === epoch && missing.until > this.#now();
  }
}
