import type { Mirror } from "./mirror.ts";
import { type FilePath, RefusedFiles } from "./refused_files.ts";

/**
 * How many more transfers a mirror with the served database carries before another one is asked
 * first: it surely has the files that clients want, but should not carry the whole load.
 */
const HEAD_START = 3;
/** How many more transfers another mirror carries before a much slower one gets any. */
const SLOWNESS = 5;
/** How many times slower that is, as a power of two; up to there, each doubling counts as one. */
const MUCH_SLOWER = 2;
/** Bytes per second above which differences between mirrors do not count: most lines are slower. */
export const FAST = 16 * 1024 * 1024;
/**
 * Transfers that a mirror carries at a time while another one is available: many allow few more.
 */
const MAX_TRANSFERS = 6;

/** How a mirror's database compares with the served one. */
type Standing = "current" | "lagging";

/** The mirrors of a distribution, and the order in which to ask them. */
export class MirrorPool {
  /** Bytes per second below which a mirror is slow, even if no other is known to be faster. */
  minimumBytesPerSecond = 0;
  /** By repository directory; unknown mirrors are absent. */
  readonly #standings = new Map<string, Map<Mirror, Standing>>();
  readonly #refused: RefusedFiles;
  #mirrors: readonly Mirror[];
  #archive: Mirror | null;
  #turn = 0;

  /** `now` returns milliseconds of a monotonic clock. */
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

  /** Whether every mirror has failed, without completing a response since. */
  get isDown(): boolean {
    return this.#mirrors.every(({ health }) => health.failures > 0);
  }

  /** Whether no mirror in good standing has room for one more transfer. */
  get isFull(): boolean {
    const ready = this.#mirrors.filter(({ health }) => health.restMs === 0);
    return ready.length > 0 && ready.every(isFull);
  }

  /** Has old packages and no databases; null if there is none. */
  get archive(): Mirror | null {
    return this.#archive;
  }

  /** Replaces the mirrors, keeping what is known about those that stay. */
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
   * Records that a mirror sent something that cannot be the file. It is asked last for that file
   * until some minutes have passed or `forgive` is called, whatever else it sends.
   */
  refuse(mirror: Mirror, file: FilePath): void {
    this.#refused.add(mirror, file);
  }

  /**
   * Forgets refusals in a directory, because the mirrors have been asked for its database again.
   */
  forgive(directory: string): void {
    this.#refused.forget(directory);
  }

  /**
   * The mirrors to ask, in order: `ready` ones by their load and speed, those with the served
   * database of `directory` preferred and lagging ones last; then `resting` ones, soonest return
   * first; then those whose `file` was `refused`. Without a directory, only load and speed count.
   * Excludes those that requested to be left alone.
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
    ].filter(({ health }) => health.leftAloneMs === 0);
    const speedOf = this.#speeds(rotated);
    const load = (mirror: Mirror) =>
      mirror.health.inFlight + handicapOf(standings?.get(mirror) ?? null) + speedOf(mirror);
    const inOrder = (a: Mirror, b: Mirror) =>
      Number(isFull(a)) - Number(isFull(b)) || load(a) - load(b);
    const isRefused = (mirror: Mirror) => file !== null && this.#refused.has(mirror, file);
    const welcome = rotated.filter((mirror) => !isRefused(mirror));
    return {
      ready: welcome.filter(({ health }) => health.restMs === 0)
        .sort(inOrder),
      resting: welcome.filter(({ health }) => health.restMs > 0)
        .sort((a, b) => a.health.restMs - b.health.restMs),
      refused: rotated.filter(isRefused),
    };
  }

  /**
   * How far a mirror is behind the fastest ready one, as a number of transfers. Unknown mirrors are
   * not behind: they get their chance.
   */
  #speeds(mirrors: readonly Mirror[]): (mirror: Mirror) => number {
    const rateOf = ({ health }: Mirror) => Math.min(health.bytesPerSecond ?? 0, FAST);
    const ready = mirrors.filter(({ health }) => health.restMs === 0);
    const best = Math.max(this.minimumBytesPerSecond, ...ready.map(rateOf));
    return (mirror) => {
      const rate = rateOf(mirror);
      if (mirror.health.bytesPerSecond === null) return 0;
      const halvings = rate >= best ? 0 : Math.floor(Math.log2(best / Math.max(1, rate)));
      return halvings >= MUCH_SLOWER ? SLOWNESS : halvings;
    };
  }

  #mark(directory: string, mirror: Mirror, standing: Standing): void {
    const standings = this.#standings.get(directory) ?? new Map<Mirror, Standing>();
    this.#standings.set(directory, standings.set(mirror, standing));
  }
}

/** Whether a mirror carries as many transfers as it should. */
export function isFull({ health }: Mirror): boolean {
  return health.inFlight >= MAX_TRANSFERS;
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
