import type { Mirror } from "./mirror.ts";

/**
 * How many transfers more a preferred mirror carries before another is taken in its place: it has
 * the very database that clients go by, so it is worth some waiting, not all of the load.
 */
const HEAD_START = 3;

/** The mirrors of one upstream, and in which order to ask them. */
export class MirrorPool {
  /** By repository directory: mirrors seen with the database being served, and with older ones. */
  readonly #standing = new Map<string, Map<Mirror, "agrees" | "lags">>();
  #mirrors: readonly Mirror[];
  #archive: Mirror | null;
  #turn = 0;

  constructor(mirrors: readonly Mirror[], archive: Mirror | null = null) {
    this.#mirrors = mirrors;
    this.#archive = archive;
  }

  get mirrors(): readonly Mirror[] {
    return this.#mirrors;
  }

  /** Keeps old packages and no databases; null if there is none. */
  get archive(): Mirror | null {
    return this.#archive;
  }

  /** Puts other mirrors in place. What is known of those that stay is kept. */
  replace(mirrors: readonly Mirror[], archive: Mirror | null): void {
    for (const standing of this.#standing.values()) {
      for (const mirror of standing.keys()) if (!mirrors.includes(mirror)) standing.delete(mirror);
    }
    this.#mirrors = mirrors;
    this.#archive = archive;
  }

  /** Notes that `mirror` has the database that is served for a directory. */
  agrees(directory: string, mirror: Mirror): void {
    this.#note(directory, mirror, "agrees");
  }

  /** Notes that `mirror` has an older database than the one that is served. */
  lags(directory: string, mirror: Mirror): void {
    this.#note(directory, mirror, "lags");
  }

  /** A new database is served for a directory, which so far only `mirrors` are known to have. */
  leads(directory: string, mirrors: readonly Mirror[]): void {
    this.#standing.set(directory, new Map(mirrors.map((mirror) => [mirror, "agrees"])));
  }

  /**
   * The mirrors to ask: those in good standing, least loaded first, with those ahead that agree on
   * the database of `directory` and those behind that lag, unless it is null; then those that rest, the soonest back first.
   */
  candidates(directory: string | null): { ready: Mirror[]; resting: Mirror[] } {
    const turn = this.#turn++;
    const count = this.mirrors.length;
    const standing = directory === null ? undefined : this.#standing.get(directory);
    const rotated = this.mirrors.map((_, index) => this.mirrors[(index + turn) % count]!);
    const load = (mirror: Mirror) => {
      const known = standing?.get(mirror);
      const handicap = known === "agrees" ? 0 : known === "lags" ? 2 * HEAD_START : HEAD_START;
      return mirror.health.inFlight + handicap;
    };
    return {
      ready: rotated.filter((mirror) => mirror.health.restMs === 0)
        .sort((a, b) => load(a) - load(b)),
      resting: rotated.filter((mirror) => mirror.health.restMs > 0)
        .sort((a, b) => a.health.restMs - b.health.restMs),
    };
  }

  #note(directory: string, mirror: Mirror, standing: "agrees" | "lags"): void {
    const mirrors = this.#standing.get(directory) ?? new Map<Mirror, "agrees" | "lags">();
    this.#standing.set(directory, mirrors.set(mirror, standing));
  }
}
