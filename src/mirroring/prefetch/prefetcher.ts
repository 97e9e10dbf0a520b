import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import type { RepositoryTree } from "../../repositories/repository.ts";
import {
  type PrefetchEvent,
  type PrefetchReport,
  PrefetchRun,
  type PrefetchRunOptions,
} from "./prefetch_run.ts";
import type { WishPlanner } from "./wish_planner.ts";

/** What will be prefetched. */
export interface PlanEvent {
  event: "plan";
  files: number;
  /** Null unless the size of every package is known. */
  bytes: number | null;
}

/** Receives the steps of a prefetch as they happen. */
export type PrefetchListener = (event: PlanEvent | PrefetchEvent) => void;

export interface PrefetcherOptions extends Pick<PrefetchRunOptions, "clients" | "index"> {
  planner: Pick<WishPlanner, "plan">;
  /** Called on each run, since the configuration may change. */
  packages: () => PrefetchRunOptions["packages"];
  tree: () => Pick<RepositoryTree, "fileAt">;
  settings: () => PrefetchRunOptions["settings"];
  /** Called when `prefetch_window` opens after the last run found it closed. */
  onWindowOpen: () => void;
  clock?: Clock;
}

/** Plans, announces and carries out prefetches. */
export class Prefetcher {
  readonly #options: PrefetcherOptions;
  /** Cancels the wait for the time window; null if nothing waits. */
  #waiting: AbortController | null = null;

  constructor(options: PrefetcherOptions) {
    this.#options = options;
  }

  /** Plans and fetches; `listener` receives the plan, then every step. */
  async run(listener: PrefetchListener, signal: AbortSignal): Promise<PrefetchReport> {
    const { planner, packages, clients, index, tree, settings, clock = SYSTEM_CLOCK } =
      this.#options;
    const list = await planner.plan();
    const run = new PrefetchRun({
      packages: packages(),
      clients,
      index,
      tree: tree(),
      settings: settings(),
      listener,
      signal,
      clock,
    });
    listener(planEvent(list.wishes.map(({ size }) => size)));
    const report = await run.fetch(list);
    this.stop();
    if (report.opensInMs !== null && !signal.aborted) this.#waitForWindow(report.opensInMs, clock);
    return report;
  }

  /** Stops waiting for the time window. A run is ended by its own signal. */
  stop(): void {
    this.#waiting?.abort();
    this.#waiting = null;
  }

  #waitForWindow(opensInMs: number, clock: Clock): void {
    const { signal } = this.#waiting = new AbortController();
    clock.sleep(opensInMs, signal).then(() => {
      if (!signal.aborted) this.#options.onWindowOpen();
    });
  }
}

function planEvent(sizes: readonly (number | null)[]): PlanEvent {
  let bytes: number | null = 0;
  for (const size of sizes) bytes = size === null || bytes === null ? null : bytes + size;
  return { event: "plan", files: sizes.length, bytes };
}
