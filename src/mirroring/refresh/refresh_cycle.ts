import type { Repository } from "../../repositories/repository.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import type { RefreshListener } from "./refresh_events.ts";

const log = eventLogger("refresh");

export interface RefreshCycleOptions {
  snapshots: Snapshots;
  /** The repositories whose databases are to be kept fresh. */
  repositories: () => Promise<Repository[]>;
  /** Fetches what is wished for; gives the number of packages fetched. */
  prefetch: (listener: RefreshListener, signal: AbortSignal) => Promise<number>;
  /** Removes what retention gives up; gives what that came to. */
  cleanup: () => Promise<{ removed: number; bytesFreed: number }>;
  /** Told when every database was refreshed. */
  onRefreshed?: () => Promise<void>;
}

/** Databases, then prefetch, then cleanup: what keeps the cache fresh and small. */
export class RefreshCycle {
  #running: Promise<void> | null = null;
  readonly #controller = new AbortController();

  constructor(private readonly options: RefreshCycleOptions) {}

  /**
   * Runs the whole cycle and tells `listener` how it goes. Throws `conflict` while another one
   * runs, and at the end `upstream` with every reason if a repository could not be refreshed.
   */
  async run(listener: RefreshListener = () => {}): Promise<void> {
    if (this.#running !== null) {
      throw new PkgstashError("conflict", "A refresh is under way; wait for it to end");
    }
    const running = this.#cycle(listener);
    this.#running = running;
    try {
      await running;
    } finally {
      this.#running = null;
    }
  }

  /** Whether one is under way. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Ends a cycle that runs, and waits for that. */
  async stop(): Promise<void> {
    this.#controller.abort(new PkgstashError("upstream", "The refresh was stopped"));
    await this.#running?.catch(() => {});
  }

  async #cycle(listener: RefreshListener): Promise<void> {
    const repositories = await this.options.repositories();
    const failures = (await Promise.all(
      repositories.map((repository) => this.#refresh(repository, listener)),
    )).filter((failure) => failure !== null);
    this.#controller.signal.throwIfAborted();
    if (failures.length === 0) await this.options.onRefreshed?.();
    const prefetched = await this.options.prefetch(listener, this.#controller.signal);
    this.#controller.signal.throwIfAborted();
    if (failures.length === 0) {
      const { removed, bytesFreed } = await this.options.cleanup();
      listener({ event: "cleanup", status: "done", removed, bytes_freed: bytesFreed });
    } else {
      // What a database does not name any more cannot be told without the database.
      listener({ event: "cleanup", status: "skipped", reason: "a refresh failed" });
    }
    const counts = { databases: repositories.length, failed: failures.length, prefetched };
    listener({ event: "done", ...counts });
    log.info("refresh done", counts);
    if (failures.length > 0) throw new PkgstashError("upstream", failures.join("\n"));
  }

  /** Refreshes one database; gives the reason if that failed. */
  async #refresh(repository: Repository, listener: RefreshListener): Promise<string | null> {
    const name = repository.directory;
    listener({ event: "database", repository: name, status: "started" });
    try {
      const refresh = await this.options.snapshots.refresh(repository, { survey: true });
      const { changed } = await this.#unlessStopped(refresh.done);
      listener({
        event: "database",
        repository: name,
        status: changed ? "updated" : "current",
      });
      return null;
    } catch (error) {
      const reason = reasonOf(error);
      listener({ event: "database", repository: name, status: "failed", reason });
      return `${name}: ${reason}`;
    }
  }

  /** The promise's outcome, but a failure at once when the cycle is stopped. */
  async #unlessStopped<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    signal.throwIfAborted();
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal.reason);
    signal.addEventListener("abort", stop);
    try {
      return await Promise.race([promise, stopped.promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
