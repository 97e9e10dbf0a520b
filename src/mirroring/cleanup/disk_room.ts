import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Cleanup, CleanupSettings } from "./cleanup.ts";

const log = eventLogger("cleanup");

/** File systems need more than the bytes of a file; so do the records of it. */
const SLACK_BYTES = 1024 * 1024;
/** How long `min_free_space` rests where the file system reports freed space late. */
const LATE_PAUSE_MS = 30_000;
/** How long it rests where it cannot be reached. */
const FUTILE_PAUSE_MS = 10 * 60_000;
/** How often room is made for one file. Others may take what was freed for it. */
const MAX_ROUNDS = 2;

export interface DiskRoomOptions {
  cleanup: Pick<Cleanup, "makeRoom">;
  /** The downloads in flight, by the path of the file below the cache's root. */
  downloads: { get(key: string): { size: number | null; released: number } | null };
  /** Called at each use, since the configuration may change. */
  settings: () => Pick<CleanupSettings, "minFreeBytes">;
  /** Free bytes on the cache's disk; null if unknown. */
  freeSpace: () => Promise<number | null>;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/** A file that is coming. */
interface Arrival {
  /** Null for one that is not among the downloads. */
  readonly key: string | null;
  readonly bytes: number;
  /** Whether there is room for it, so that it lasts as long as its download. */
  isAdmitted: boolean;
}

/**
 * Room on the disk for the files that are coming, and `min_free_space` beside them. Free space is
 * judged with all files in flight, so that two of them do not count on the same room. The room is made
 * by `Cleanup`, one run at a time, and all who wait for the next run share it.
 */
export class DiskRoom {
  readonly #options: DiskRoomOptions;
  /** In the order of their announcement; earlier ones come first when there is not room for all. */
  readonly #arrivals = new Set<Arrival>();
  /** The run that waits for its turn. */
  #round: Promise<void> | null = null;
  readonly #rounds = new Set<Promise<void>>();
  /** Until when a lack of `min_free_space` alone starts no run. */
  #restsUntil = -Infinity;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  /** Makes room for the download of `key`. What is announced counts until that download ends. */
  of(key: string): { make(bytes: number): Promise<boolean> } {
    return { make: (bytes) => this.#make({ key, bytes, isAdmitted: false }) };
  }

  /**
   * Makes so much room that `bytes` more fit, and `min_free_space` besides if that can be reached.
   * Returns false if they cannot fit. Never throws.
   */
  async make(bytes: number): Promise<boolean> {
    const arrival: Arrival = { key: null, bytes, isAdmitted: false };
    try {
      return await this.#make(arrival);
    } finally {
      this.#arrivals.delete(arrival);
    }
  }

  /** Restores `min_free_space` if the disk has filled up; most calls only look. Never throws. */
  async keep(): Promise<void> {
    await this.make(0);
  }

  /** Resolves when no room is being made. */
  async settled(): Promise<void> {
    while (this.#rounds.size > 0) await Promise.allSettled(this.#rounds);
  }

  async #make(arrival: Arrival): Promise<boolean> {
    for (const earlier of this.#arrivals) {
      if (earlier.key !== null && earlier.key === arrival.key) this.#arrivals.delete(earlier);
    }
    this.#arrivals.add(arrival);
    try {
      arrival.isAdmitted = await this.#isEnough();
      for (let round = 0; round < MAX_ROUNDS && !arrival.isAdmitted; round++) {
        await this.#nextRound();
        if (!this.#arrivals.has(arrival)) break;
        arrival.isAdmitted = await this.#fits(arrival);
      }
      if (arrival.isAdmitted) return true;
      this.#arrivals.delete(arrival);
      if (arrival.bytes > 0) {
        log.warn("not enough space for a file", { file: arrival.key ?? "-", bytes: arrival.bytes });
      }
      return false;
    } catch (error) {
      log.error("cannot free disk space", { reason: reasonOf(error) });
      // The disk itself will say whether the file fits.
      arrival.isAdmitted = true;
      return true;
    }
  }

  /** Whether the disk has room for everything that is coming, and `min_free_space` besides. */
  async #isEnough(): Promise<boolean> {
    const { minFreeBytes } = this.#options.settings();
    const free = await this.#options.freeSpace();
    const incoming = this.#incoming();
    if (free === null || free >= minFreeBytes + incoming) return true;
    return free >= incoming && this.#isResting();
  }

  /** Whether a file fits beside those that were announced before it. */
  async #fits(arrival: Arrival): Promise<boolean> {
    const free = await this.#options.freeSpace();
    return free === null || this.#incoming(arrival) <= free;
  }

  /** What is still to be written of all arrivals, or of those up to `last`; with some slack. */
  #incoming(last: Arrival | null = null): number {
    let sum = 0;
    for (const arrival of this.#arrivals) {
      sum += this.#missing(arrival);
      if (arrival === last) break;
    }
    return sum === 0 ? 0 : sum + SLACK_BYTES;
  }

  /** What is still to be written of a file; forgets it if its download has ended. */
  #missing(arrival: Arrival): number {
    const { key, bytes, isAdmitted } = arrival;
    const download = key === null ? null : this.#options.downloads.get(key);
    if (download === null) {
      if (key === null || !isAdmitted) return bytes;
      this.#arrivals.delete(arrival);
      return 0;
    }
    return download.size === null ? bytes : Math.min(bytes, download.size - download.released);
  }

  /** The next run: that which waits for its turn, or a new one. */
  #nextRound(): Promise<void> {
    if (this.#round !== null) return this.#round;
    const round: Promise<void> = this.#run().finally(() => {
      this.#rounds.delete(round);
      if (this.#round === round) this.#round = null;
    });
    this.#round = round;
    this.#rounds.add(round);
    return round;
  }

  async #run(): Promise<void> {
    const { cleanup, freeSpace, settings } = this.#options;
    const before = await freeSpace();
    const { bytesFreed, unmet } = await cleanup.makeRoom((reachable) => {
      // Who comes from here on is not part of this run's sum.
      this.#round = null;
      return this.#admit(reachable);
    });
    const after = await freeSpace();
    if (unmet !== null) {
      if (!this.#isResting()) {
        const { minFreeBytes: min_free_space } = settings();
        log.warn("cannot keep min_free_space", { min_free_space, reason: unmet });
      }
      this.#restsUntil = this.#now() + FUTILE_PAUSE_MS;
    } else if (before !== null && after !== null && after - before < bytesFreed / 2) {
      this.#restsUntil = this.#now() + LATE_PAUSE_MS;
    }
  }

  /** Gives up what cannot fit even if all else goes; returns how many bytes are coming without it. */
  #admit(reachableBytes: number): number {
    let sum = SLACK_BYTES;
    for (const arrival of this.#arrivals) {
      const missing = this.#missing(arrival);
      if (missing > 0 && sum + missing > reachableBytes) this.#arrivals.delete(arrival);
      else sum += missing;
    }
    return this.#incoming();
  }

  #isResting(): boolean {
    return this.#now() < this.#restsUntil;
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }
}
