/** More than any mirror's worth of requests at once; the oldest go first. */
const MOST = 10_000;

/** Signatures that no mirror has, remembered for a while so that asking again costs nothing. */
export class MissingSignatures {
  readonly #until = new Map<string, number>();

  /** `age` in milliseconds; `now` gives the milliseconds of a clock that only goes forward. */
  constructor(
    private readonly age: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(key: string): void {
    this.#until.delete(key);
    this.#until.set(key, this.now() + this.age);
    if (this.#until.size > MOST) this.#until.delete(this.#until.keys().next().value!);
  }

  /** Drops what is remembered of a signature, for it may have come by now. */
  forget(key: string): void {
    this.#until.delete(key);
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > this.now()) return true;
    this.#until.delete(key);
    return false;
  }
}
