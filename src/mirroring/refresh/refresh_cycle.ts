import { abortable } from "@std/async/abortable";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Cleanup } from "../cleanup/cleanup.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { Prefetcher, PrefetchListener } from "../prefetch/prefetcher.ts";
import type { LastRefresh } from "./last_refresh.ts";

const log = eventLogger("refresh");

/** One step of a refresh, as `/api/v1/refresh` reports it. Sizes are in bytes. */
export type RefreshEvent =
  | { event: "database"; repository: string; status: "started" | "current" | "updated" }
  | { event: "database"; repository: string; status: "failed"; reason: string }
  | Parameters<PrefetchListener>[0]
  | { event: "cleanup"; status: "done"; removed: number; bytes_freed: number }
  | { event: "cleanup"; status: "skipped"; reason: string }
  | { event: "done"; databases: number; failed: number; prefetched: number };

export type RefreshListener = (event: RefreshEvent) => void;

export interface RefreshCycleOptions {
  snapshots: Pick<Snapshots, "refresh">;
  /** The repositories whose databases to refresh. */
  repositories: () => Promise<Repository[]>;
  prefetcher: Pick<Prefetcher, "run">;
  cleanup: Pick<Cleanup, "run">;
  /** Records that every database was refreshed. */
  lastRefresh: Pick<LastRefresh, "record">;
}

/** Keeps the cache fresh and small: refreshes the databases, prefetches, and cleans up. */
export class RefreshCycle {
  readonly #options: RefreshCycleOptions;
  readonly #controller = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: RefreshCycleOptions) {
    this.#options = options;
  }

  /**
   * Runs the whole cycle and passes every step to `listener`. Throws `conflict` while another one
   * runs, and `upstream` at the end, with all reasons, if a database could not be refreshed.
   */
  async run(listener: RefreshListener = () => {}): Promise<void> {
    if (this.#running !== null) {
      throw new PkgstashError(
        "conflict",
        "Cannot refresh: another refresh is running. Wait for it to end.",
      );
    }
    const running = this.#cycle(listener);
    this.#running = running;
    try {
      await running;
    } finally {
      this.#running = null;
    }
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Stops the running cycle, waits for its end, and makes every later one fail. */
  async stop(): Promise<void> {
    this.#controller.abort(
      new PkgstashError("upstream", "Cannot refresh: the daemon is being stopped."),
    );
    await this.#running?.catch(() => {});
  }

  async #cycle(listener: RefreshListener): Promise<void> {
    const { lastRefresh, prefetcher, cleanup } = this.#options;
    const { signal } = this.#controller;
    const repositories = await this.#options.repositories();
    const failures = (await Promise.all(
      repositories.map((repository) => this.#refresh(repository, listener)),
    )).filter((failure) => failure !== null);
    signal.throwIfAborted();
    if (failures.length === 0) await lastRefresh.record();
    const { fetched } = await prefetcher.run(listener, signal);
    signal.throwIfAborted();
    if (failures.length === 0) {
      const { removed, bytesFreed } = await cleanup.run();
      listener({
        event: "cleanup",
        status: "done",
        removed: removed.length,
        bytes_freed: bytesFreed,
      });
    } else {
      // Only a current database says which packages are no longer in it.
      listener({ event: "cleanup", status: "skipped", reason: "a refresh failed" });
    }
    const counts = {
      databases: repositories.length,
      failed: failures.length,
      prefetched: fetched.length,
    };
    listener({ event: "done", ...counts });
    log.info("refresh done", counts);
    if (failures.length > 0) throw new PkgstashError("upstream", failures.join("\n"));
  }

  /** Refreshes one database; returns the reason if that failed. */
  async #refresh(repository: Repository, listener: RefreshListener): Promise<string | null> {
    const { directory } = repository;
    listener({ event: "database", repository: directory, status: "started" });
    try {
      const refresh = await this.#options.snapshots.refresh(repository, { survey: true });
      const { changed } = await abortable(refresh.done, this.#controller.signal);
      const status = changed ? "updated" : "current";
      listener({ event: "database", repository: directory, status });
      return null;
    } catch (error) {
      const reason = reasonOf(error);
      listener({ event: "database", repository: directory, status: "failed", reason });
      return `${directory}: ${reason}`;
    }
  }
}
