/** How long clients are expected to come back for the rest of a file. */
const AGE_MS = 6 * 3_600_000;
/** Far more than are refused in that time, unless somebody means harm. */
const MAX_FILES = 1_000;

/**
 * Files of which clients may hold a beginning that turned out to be of another file. pacman keeps it
 * and asks for the rest, and whatever it would get does not belong to what it has.
 */
export class RefusedBeginnings {
  readonly #now: () => number;
  /** By the file's key, the oldest first. */
  readonly #byKey = new Map<string, { count: number; until: number }>();

  /** `now` returns the milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Records that clients may hold up to `count` wrong bytes. */
  add(key: string, count: number): void {
    if (count <= 0) return;
    const before = this.#byKey.get(key)?.count ?? 0;
    this.#byKey.delete(key);
    this.#byKey.set(key, { count: Math.max(before, count), until: this.#now() + AGE_MS });
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > MAX_FILES && oldest !== undefined) this.#byKey.delete(oldest);
  }

  /** Whether the bytes before `position` that a client holds may be wrong ones. */
  mayEndAt(key: string, position: number): boolean {
    const refused = this.#byKey.get(key);
    return refused !== undefined && position > 0 && position <= refused.count &&
      this.#now() < refused.until;
  }
}
