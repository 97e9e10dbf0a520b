import type { DatabaseSync } from "node:sqlite";
import { TimeSlice } from "../../async/time_slice.ts";
import { reasonOf } from "../../errors.ts";
import { inTransaction, isDiskFailure } from "./database.ts";

/** Work that changes a database, in a transaction of its own. */
export type Write = (database: DatabaseSync) => void;

export interface LateWritesOptions {
  /** How many writes may wait; beyond that, the oldest are lost. */
  limit: number;
  /** Called with the reason when a write fails after a successful one. */
  onProblem: (reason: string) => void;
  /** Called when everything that waited has been written. */
  onRecovered: (counts: { written: number; lost: number }) => void;
}

/**
 * Writes to a database on a disk that may be full or read-only: rejected writes wait in memory, in
 * order, and go first once the disk accepts writes again.
 */
export class LateWrites {
  readonly #options: LateWritesOptions;
  readonly #database: () => DatabaseSync;
  #waiting: Write[] = [];
  #lost = 0;
  #problem: string | null = null;

  /** `database` is called on each use, since it may be reopened. */
  constructor(database: () => DatabaseSync, options: LateWritesOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Why nothing can be written; null if the last write succeeded. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Writes now or, if the disk rejects it, later. */
  write(write: Write): void {
    if (this.attempt(write)) return;
    this.#waiting.push(write);
    if (this.#waiting.length <= this.#options.limit) return;
    this.#waiting.shift();
    this.#lost++;
  }

  /**
   * Writes these now or later, in order and after everything that waits; the event loop runs in
   * between. Only one call may run at a time.
   */
  async writeInSlices(writes: readonly Write[]): Promise<void> {
    const wasLate = this.#problem !== null;
    this.#waiting.push(...writes);
    const slice = new TimeSlice();
    let written = 0;
    for (let write = this.#waiting.shift(); write !== undefined; write = this.#waiting.shift()) {
      if (!this.#run(write)) {
        this.#waiting.unshift(write);
        break;
      }
      written++;
      if (slice.isOver) await slice.renew();
    }
    this.#lost += this.#waiting.splice(0, this.#waiting.length - this.#options.limit).length;
    if (!wasLate || this.#waiting.length > 0) return;
    this.#options.onRecovered({ written, lost: this.#lost });
    this.#lost = 0;
  }

  /** Writes now, after everything that waits; returns false if the disk rejects it. */
  attempt(write: Write): boolean {
    return this.flush() && this.#run(write);
  }

  /** Writes what waits; returns false if the disk rejects any of it. */
  flush(): boolean {
    if (this.#waiting.length === 0) return true;
    const waiting = this.#waiting;
    const written = waiting.findIndex((write) => !this.#run(write));
    this.#waiting = written < 0 ? [] : waiting.slice(written);
    if (written >= 0) return false;
    this.#options.onRecovered({ written: waiting.length, lost: this.#lost });
    this.#lost = 0;
    return true;
  }

  #run(write: Write): boolean {
    try {
      inTransaction(this.#database(), () => write(this.#database()));
      this.#problem = null;
      return true;
    } catch (error) {
      if (!isDiskFailure(error)) throw error;
      const reason = reasonOf(error);
      const isNew = this.#problem === null;
      this.#problem = reason;
      if (isNew) this.#options.onProblem(reason);
      return false;
    }
  }
}
