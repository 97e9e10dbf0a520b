import type { Mirror } from "./mirror.ts";
import { type FilePath, RefusedFiles } from "./refused_files.ts";

/**
 * How many more transfers a mirror with the served database carries before another one is asked
 * first: it surely has the files that clients want, but should not carry all of the load.
 */
const HEAD_START = 3;

/** How a mirror's database compares with the served one. */
type Standing = "current" | "lagging";

/** The mirrors of a distribution, and the order in which to ask them. */
export class MirrorPool {
  /** By repository directory; mirrors not heard of are missing. */
  readonly #standings = new Map<string, Map<Mirror, Standing>>();
  readonly #refused: RefusedFiles;
  #mirrors: readonly Mirror[];
  #archive: Mirror | null;
  #turn = 0;

  /** `now` returns the milliseconds of a monotonic clock. */
  constructor(
    mirrors: readonly Mirror[],
    archive: Mirror | null = null,
    now: () => number = () => performance.now(),
  ) {
    this.#refused = new RefusedFiles(now);
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

  /** Replaces the mirrors, and keeps what is known of those that stay. */
  replace(mirrors: readonly Mirror[], archive: Mirror | null): void {
    for (const standings of this.#standings.values()) {
      for (const mirror of standings.keys()) {
        if (!mirrors.includes(mirror)) standings.delete(mirror);
      }
    }
    this.#mirrors = mirrors;
    this.#archive = archive;
  }

  /** Records that a mirror has the served database of a directory. */
  markCurrent(directory: string, mirror: Mirror): void {
    this.#mark(directory, mirror, "current");
  }

  /** Records that a mirror has an older database than the served one. */
  markLagging(directory: string, mirror: Mirror): void {
    this.#mark(directory, mirror, "lagging");
  }

  /** Forgets all standings of a directory: a new database is served, and only `current` have it. */
  resetStandings(directory: string, current: readonly Mirror[]): void {
    this.forgive(directory);
    this.#standings.set(directory, new Map(current.map((mirror) => [mirror, "current"])));
  }

  /**
   * Records that a mirror sent something that cannot be the file. It is the last to be asked for that
   * file until some minutes have passed or `forgive` is called, whatever else it sends.
   */
  refuse(mirror: Mirror, file: FilePath): void {
    this.#refused.add(mirror, file);
  }

  /** Forgets what was refused in a directory: the mirrors have been asked for its database anew. */
  forgive(directory: string): void {
    this.#refused.forget(directory);
  }

  /**
   * The mirrors to ask, in order: `ready` ones by their load, those with the served database of
   * `directory` preferred and lagging ones last; then `resting` ones, the soonest back first; then
   * those whose `file` was `refused`. Without a directory only the load counts.
   */
  candidates(
    directory: string | null,
    file: FilePath | null = null,
  ): { ready: Mirror[]; resting: Mirror[]; refused: Mirror[] } {
    const turn = this.#turn++;
    const count = this.#mirrors.length;
    const standings = directory === null ? undefined : this.#standings.get(directory);
    const rotated = [
      ...this.#mirrors.slice(turn % count),
      ...this.#mirrors.slice(0, turn % count),
    ];
    const load = (mirror: Mirror) =>
      mirror.health.inFlight + handicapOf(standings?.get(mirror) ?? null);
    const isRefused = (mirror: Mirror) => file !== null && this.#refused.has(mirror, file);
    const welcome = rotated.filter((mirror) => !isRefused(mirror));
    return {
      ready: welcome.filter(({ health }) => health.restMs === 0)
        .sort((a, b) => load(a) - load(b)),
      resting: welcome.filter(({ health }) => health.restMs > 0)
        .sort((a, b) => a.health.restMs - b.health.restMs),
      refused: rotated.filter(isRefused),
    };
  }

  #mark(directory: string, mirror: Mirror, standing: Standing): void {
    const standings = this.#standings.get(directory) ?? new Map<Mirror, Standing>();
    this.#standings.set(directory, standings.set(mirror, standing));
  }
}

function handicapOf(standing: Standing | null): number {
  switch (standing) {
    case "current":
      return 0;
    case null:
      return HEAD_START;
    case "lagging":
      return 2 * HEAD_START;
  }
}
