import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { PeriodicTask } from "../../platform/scheduler/periodic_task.ts";
import { Turns } from "../../async/turns.ts";
import type { Verification } from "./verification.ts";

const log = eventLogger("verification");

export interface VerificationScheduleOptions {
  verification: Pick<Verification, "runInTurn">;
  /** When the cache was last verified. */
  last: { untilDue(intervalMs: number, now: number): Promise<number>; record(): Promise<void> };
}

/** Verifies and repairs the cache periodically. */
export class VerificationSchedule {
  readonly #options: VerificationScheduleOptions;
  readonly #turns = new Turns();
  #task: PeriodicTask | null = null;

  constructor(options: VerificationScheduleOptions) {
    this.#options = options;
  }

  /** Replaces the schedule; 0 for none. A verification started by the old one runs to its end. */
  reschedule(intervalMs: number): Promise<void> {
    return this.#turns.run(async () => {
      const firstMs = await this.#options.last.untilDue(intervalMs, Date.now());
      await this.#task?.[Symbol.asyncDispose]();
      this.#task = intervalMs === 0
        ? null
        : new PeriodicTask({ intervalMs, firstMs, jitterMs: 0, run: () => this.#run() });
    });
  }

  /** Ends the schedule. A running verification must have been stopped. */
  async stop(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#task?.[Symbol.asyncDispose]();
      this.#task = null;
    });
  }

  async #run(): Promise<void> {
    const { verification, last } = this.#options;
    try {
      await verification.runInTurn({ repair: true, repository: null });
      await last.record();
    } catch (error) {
      log.warn("verification failed", { reason: reasonOf(error) });
    }
  }
}
