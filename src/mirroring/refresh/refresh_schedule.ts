import { BackgroundWork } from "../../async/background_work.ts";
import { Turns } from "../../async/turns.ts";
import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { PeriodicTask } from "../../platform/scheduler/periodic_task.ts";
import type { LastRefresh } from "./last_refresh.ts";
import type { RefreshCycle } from "./refresh_cycle.ts";

const log = eventLogger("refresh");

export interface RefreshScheduleSettings {
  /** From the end of one refresh to the start of the next; 0 for no refreshes. */
  refreshIntervalMs: number;
  /** Maximum random delay of each refresh. */
  refreshJitterMs: number;
}

export interface RefreshScheduleOptions {
  cycle: Pick<RefreshCycle, "runInTurn">;
  lastRefresh: Pick<LastRefresh, "untilDue">;
}

/** Runs the daemon's own refreshes: the first one when it is due, then periodically. */
export class RefreshSchedule {
  readonly #options: RefreshScheduleOptions;
  readonly #turns = new Turns();
  readonly #background = new BackgroundWork((failure, error) =>
    log.error(failure, { reason: reasonOf(error) })
  );
  #task: PeriodicTask | null = null;
  #waiting: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: RefreshScheduleOptions) {
    this.#options = options;
  }

  /** When the next refresh begins, in milliseconds since the epoch; null if none is scheduled. */
  get nextAt(): number | null {
    return this.#task?.nextAt ?? null;
  }

  /** Replaces the schedule. A refresh started by the old one runs to its end. */
  reschedule({ refreshIntervalMs, refreshJitterMs }: RefreshScheduleSettings): Promise<void> {
    return this.#turns.run(async () => {
      const first = await this.#options.lastRefresh.untilDue(refreshIntervalMs, Date.now());
      this.#endTask();
      if (refreshIntervalMs === 0 || this.#isStopped) return;
      this.#task = new PeriodicTask({
        intervalMs: refreshIntervalMs,
        firstMs: first,
        jitterMs: refreshJitterMs,
        run: () => this.runNow(),
      });
    });
  }

  /**
   * Runs a refresh, after the running one, if any; concurrent calls share it. A failure is logged,
   * never thrown.
   */
  runNow(): Promise<void> {
    this.#waiting ??= this.#options.cycle.runInTurn()
      .catch((error) => log.warn("refresh failed", { reason: reasonOf(error) }))
      .finally(() => this.#waiting = null);
    return this.#waiting;
  }

  /** Ends the schedule, and waits for a refresh that it has started. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endTask();
    await this.#turns.settled();
    await this.#background.settled();
  }

  #endTask(): void {
    if (this.#task === null) return;
    this.#background.add("cannot end the refresh schedule", this.#task[Symbol.asyncDispose]());
    this.#task = null;
  }
}
