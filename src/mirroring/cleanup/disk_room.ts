import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Cleanup, CleanupSettings } from "./cleanup.ts";

const log = eventLogger("cleanup");

/** File systems need more than a file's bytes, and its records take space too. */
const SLACK_BYTES = 1024 * 1024;
/** How long to leave `min_free_space` alone where the file system reports freed space late. */
const LATE_PAUSE_MS = 30_000;
/** How long to leave it alone where it cannot be reached. */
const FUTILE_PAUSE_MS = 10 * 60_000;
/** How often to make room for one file: others may take what was freed for it. */
const MAX_ROUNDS = 2;

export interface DiskRoomOptions {
  cleanup: Pick<Cleanup, "makeRoom">;
  /** The downloads in flight, by path of the file below the cache's root. */
  downloads: { get(key: string): { size: number | null; released: number } | null };
  /** Called on each use, since the configuration may change. */
  settings: () => Pick<CleanupSettings, "minFreeBytes">;
  /** Free bytes on the cache's disk; null if unknown. */
  freeSpace: () => Promise<number | null>;
  /** Milliseconds of a monotonic clock. */
  now?: () => number;
}

/** A file about to be written. */
interface Arrival {
  /** Null for one outside the downloads. */
  readonly key: string | null;
  readonly bytes: number;
  /** Whether room for it is reserved, for as long as its download lasts. */
  isAdmitted: boolean;
}

/**
 * Room on the disk for incoming files, and `min_free_space` besides. Free space is judged with all
 * files in flight, so that no two of them count on the same room. `Cleanup` makes the room, one run
 * at a time, and all who wait for the next run share it.
 */
export class DiskRoom {
  readonly #options: DiskRoomOptions;
  /** In order of announcement; earlier ones come first if there is not room for all. */
  readonly #arrivals = new Set<Arrival>();
  /** The run that waits for its turn. */
  #round: Promise<void> | null = null;
  readonly #rounds = new Set<Promise<void>>();
  /** Until then, a lack of `min_free_space` alone starts no run. */
  #restsUntil = -Infinity;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  /** Makes room for the download of `key`. The announced size counts until the download ends. */
  of(key: string): { make(bytes: number): Promise<boolean> } {
    return { make: (bytes) => this.#make({ key, bytes, isAdmitted: false }) };
  }

  /**
   * Makes room for `bytes` more, and for `min_free_space` besides if that can be reached. Returns
   * false if they cannot fit. Never throws.
   */
  async make(bytes: number): Promise<boolean> {
    const arrival: Arrival = { key: null, bytes, isAdmitted: false };
    try {
      return await this.#make(arrival);
    } finally {
      this.#arrivals.delete(arrival);
    }
  }

  /** Restores `min_free_space` if the disk has filled up; most calls only check. Never throws. */
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
      // The disk itself will tell whether the file fits.
      arrival.isAdmitted = true;
      return true;
    }
  }

  /** Whether the disk has room for everything incoming, and `min_free_space` besides. */
  async #isEnough(): Promise<boolean> {
    const { minFreeBytes } = this.#options.settings();
    const free = await this.#options.freeSpace();
    const incoming = this.#incoming();
    if (free === null || free >= minFreeBytes + incoming) return true;
    return free >= incoming && this.#isResting();
  }

  /** Whether a file fits beside those announced before it. */
  async #fits(arrival: Arrival): Promise<boolean> {
    const free = await this.#options.freeSpace();
    return free === null || this.#incoming(arrival) <= free;
  }

  /** Bytes still to be written for all arrivals, or for those up to `last`, with some slack. */
  #incoming(last: Arrival | null = null): number {
    let sum = 0;
    for (const arrival of this.#arrivals) {
      sum += this.#missing(arrival);
      if (arrival === last) break;
    }
    return sum === 0 ? 0 : sum + SLACK_BYTES;
  }

  /** Bytes still to be written for a file; forgets it if its download has ended. */
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

  /** The next run: the one that waits for its turn, or a new one. */
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
      // Later arrivals are not part of this run's sum.
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

  /**
   * Drops what cannot fit even if everything else is removed; returns the bytes of the remaining
   * arrivals.
   */
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
