import { abortable } from "@std/async/abortable";
import { deadline } from "@std/async/deadline";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Cleanup } from "../cleanup/cleanup.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { Prefetcher, PrefetchListener } from "../prefetch/prefetcher.ts";
import type { LastRefresh } from "./last_refresh.ts";

const log = eventLogger("refresh");

/** Enough for the largest file list from a slow mirror. */
const DATABASE_PATIENCE_MS = 15 * 60_000;
/** A prefetch may take hours, and the cache must not outgrow its limits meanwhile. */
const CLEANUP_INTERVAL_MS = 15 * 60_000;

/** One step of a refresh, as `/api/v1/refresh` reports it. Sizes are in bytes. */
export type RefreshEvent =
  | { event: "database"; repository: string; status: "started" | "current" | "updated" }
  | { event: "database"; repository: string; status: "failed"; reason: string }
  | Parameters<PrefetchListener>[0]
  | { event: "cleanup"; status: "done"; removed: number; bytes_freed: number }
  | { event: "cleanup"; status: "failed"; reason: string }
  | { event: "done"; databases: number; failed: number; prefetched: number };

/** The outcome of a refresh. */
export interface RefreshSummary {
  readonly databases: number;
  readonly failed: number;
  readonly prefetched: number;
  /** Why parts of it failed. */
  readonly reasons: readonly string[];
}

export type RefreshListener = (event: RefreshEvent) => void;

export interface RefreshCycleOptions {
  snapshots: Pick<Snapshots, "refresh" | "vanishedSince">;
  /** The repositories whose databases to refresh. */
  repositories: () => Promise<Repository[]>;
  prefetcher: Pick<Prefetcher, "run">;
  cleanup: Pick<Cleanup, "run">;
  /** Records that a refresh took place. */
  lastRefresh: Pick<LastRefresh, "record">;
  /**
   * How long a cycle waits for one database before it continues without it; 15 minutes by default.
   */
  databasePatienceMs?: number;
  /** How often a cycle cleans up during a prefetch; every 15 minutes by default. */
  cleanupIntervalMs?: number;
}

/**
 * Keeps the cache fresh and small: refreshes the databases, prefetches, and cleans up. The failure
 * of one part does not prevent the others.
 */
export class RefreshCycle {
  readonly #options: RefreshCycleOptions;
  readonly #controller = new AbortController();
  #running: Promise<void> | null = null;
  #onEnded: ((summary: RefreshSummary) => void) | null = null;

  constructor(options: RefreshCycleOptions) {
    this.#options = options;
  }

  /** Sends each further refresh to `listener` when it has ended. */
  listen(listener: (summary: RefreshSummary) => void): void {
    this.#onEnded = listener;
  }

  /**
   * Runs the whole cycle for an administrator and passes every step to `listener`. Throws
   * `conflict` while another one runs, and `upstream` at the end, with all reasons, if a part of it
   * failed.
   */
  async run(listener: RefreshListener = () => {}): Promise<void> {
    if (this.#running !== null) {
      throw new PkgstashError(
        "conflict",
        "Cannot refresh: another refresh is in progress. Wait for it to finish.",
      );
    }
    await this.#run(listener, { isThorough: true });
  }

  /** Runs the cycle for the daemon itself, after the running one, if any. */
  async runInTurn(): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => {});
    await this.#run(() => {}, { isThorough: false });
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Stops the running cycle, waits for its end, and makes every later one fail. */
  async stop(): Promise<void> {
    this.#controller.abort(
      new PkgstashError("upstream", "Cannot refresh: the daemon is stopping."),
    );
    await this.#running?.catch(() => {});
  }

  async #run(listener: RefreshListener, options: { isThorough: boolean }): Promise<void> {
    const running = this.#cycle(listener, options);
    this.#running = running;
    try {
      await running;
    } finally {
      this.#running = null;
    }
  }

  async #cycle(
    listener: RefreshListener,
    { isThorough }: { isThorough: boolean },
  ): Promise<void> {
    const { lastRefresh, prefetcher } = this.#options;
    const { signal } = this.#controller;
    signal.throwIfAborted();
    const repositories = await this.#options.repositories();
    const failures = (await Promise.all(
      repositories.map((repository) => this.#refresh(repository, { listener, isThorough })),
    )).filter((failure) => failure !== null);
    signal.throwIfAborted();
    const failed = failures.length;
    // If nothing could be refreshed, the network is down rather than every repository.
    if (failed === 0 || failed < repositories.length) await lastRefresh.record();
    const prefetching = this.#attempt("prefetch", () => prefetcher.run(listener, signal));
    await this.#cleanUpDuring(prefetching);
    const prefetch = await prefetching;
    signal.throwIfAborted();
    if (prefetch.failure !== null) failures.push(prefetch.failure);
    const cleanup = await this.#cleanUp(listener);
    if (cleanup.failure !== null) failures.push(cleanup.failure);
    const counts = {
      databases: repositories.length,
      failed,
      prefetched: prefetch.result?.fetched.length ?? 0,
    };
    listener({ event: "done", ...counts });
    log.info("refresh done", counts);
    this.#onEnded?.({ ...counts, reasons: failures });
    if (failures.length > 0) throw new PkgstashError("upstream", failures.join("\n"));
  }

  /** Applies retention repeatedly until `work`, which must not reject, has ended. */
  async #cleanUpDuring(work: Promise<unknown>): Promise<void> {
    const { cleanup, cleanupIntervalMs = CLEANUP_INTERVAL_MS } = this.#options;
    const hasEnded = () => deadline(work, cleanupIntervalMs).then(() => true, () => false);
    while (!await hasEnded()) {
      await this.#attempt("cleanup", () => cleanup.run({ cause: "prefetch" }));
    }
  }

  /** Applies retention. It keeps packages whose database could not be read. */
  async #cleanUp(listener: RefreshListener) {
    const cleanup = await this.#attempt(
      "cleanup",
      () => this.#options.cleanup.run({ cause: "refresh" }),
    );
    const { result, failure } = cleanup;
    if (result === null) {
      listener({ event: "cleanup", status: "failed", reason: failure });
      return cleanup;
    }
    const { removed, bytesFreed } = result;
    listener({
      event: "cleanup",
      status: "done",
      removed: removed.length,
      bytes_freed: bytesFreed,
    });
    return cleanup;
  }

  /** Runs one part of the cycle, whose failure does not end the others. */
  async #attempt<T>(
    part: string,
    work: () => Promise<T>,
  ): Promise<{ result: T; failure: null } | { result: null; failure: string }> {
    try {
      return { result: await work(), failure: null };
    } catch (error) {
      if (!this.#controller.signal.aborted) {
        log.error(`${part} failed`, { reason: reasonOf(error) });
      }
      return { result: null, failure: `${part}: ${reasonOf(error)}` };
    }
  }

  /** Refreshes one database; returns the reason of an unexpected failure. */
  async #refresh(
    repository: Repository,
    { listener, isThorough }: { listener: RefreshListener; isThorough: boolean },
  ): Promise<string | null> {
    const { directory } = repository;
    listener({ event: "database", repository: directory, status: "started" });
    try {
      const { signal } = this.#controller;
      const refresh = await abortable(
        this.#options.snapshots.refresh(repository, { survey: true, isThorough }),
        signal,
      );
      const { changed } = await this.#inTime(refresh.done);
      const status = changed ? "updated" : "current";
      listener({ event: "database", repository: directory, status });
      return null;
    } catch (error) {
      const reason = reasonOf(error);
      listener({ event: "database", repository: directory, status: "failed", reason });
      // A repository that is gone for good is shown in the status, and does not make every refresh
      // fail.
      if (await this.#options.snapshots.vanishedSince(repository) !== null) return null;
      return `${directory}: ${reason}`;
    }
  }

  /** The result of a database's refresh, which continues behind the cycle if it takes too long. */
  async #inTime<T>(refresh: Promise<T>): Promise<T> {
    const { databasePatienceMs = DATABASE_PATIENCE_MS } = this.#options;
    const { signal } = this.#controller;
    try {
      return await deadline(refresh, databasePatienceMs, { signal });
    } catch (error) {
      const isLate = error instanceof DOMException && error.name === "TimeoutError";
      if (!isLate) throw error;
      throw new PkgstashError(
        "upstream",
        `Stopped waiting for the database: it did not arrive within ${
          Math.round(databasePatienceMs / 1000)
        } s. Its refresh goes on.`,
      );
    }
  }
}
