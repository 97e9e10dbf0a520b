import { BandwidthCap } from "../../async/bandwidth_cap.ts";
import { abortable } from "@std/async/abortable";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import type { Config } from "../../config/config.ts";
import { untilOpen } from "../../config/quantities.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { keyOf, type PackageFile, type RepositoryTree } from "../../repositories/repository.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { DownloadOutcome } from "../downloads/download_request.ts";
import type { PackageRequests } from "../pull_through/package_requests.ts";
import { Pacing } from "./pacing.ts";
import { Patience, TooSlow } from "./patience.ts";
import type { Wish } from "./prefetch_plan.ts";
import type { WishList } from "./wish_planner.ts";

const log = eventLogger("prefetch");

/** After this many files that were too slow, the rest would be too. */
const MAX_SLOW_IN_A_ROW = 3;

/** One step of a prefetch. Sizes are in bytes, files are paths below the server's root. */
export type PrefetchEvent =
  | { event: "prefetch"; file: string; status: "started"; bytes: number | null }
  | { event: "prefetch"; file: string; status: "fetched"; bytes: number }
  | { event: "prefetch"; file: string; status: "failed"; reason: string }
  | { event: "prefetch"; file: null; status: "postponed"; reason: string };

export interface PrefetchRunOptions {
  packages: Pick<PackageRequests, "prefetch" | "prefetchSignature">;
  clients: ClientDownloads;
  index: Pick<CacheIndex, "wish">;
  tree: Pick<RepositoryTree, "fileAt">;
  settings: Pick<Config, "prefetchConcurrency" | "prefetchBytesPerSecond" | "prefetchWindow">;
  listener: (event: PrefetchEvent) => void;
  /** Ends the run; remaining wishes are postponed. */
  signal: AbortSignal;
  clock?: Clock;
}

/** The result of a run. Files are paths below the server's root. */
export interface PrefetchReport {
  fetched: string[];
  /** Total size of the packages fetched. */
  bytes: number;
  failed: { file: string; reason: string }[];
  /** Still wanted: the time window closed, or the run was stopped. */
  postponed: string[];
  /** Milliseconds until the time window opens; null if the run did not find it closed. */
  opensInMs: number | null;
}

interface Task {
  file: PackageFile;
  wish: Wish;
  /** When the file was first wanted, in milliseconds since the epoch. */
  since: number;
}

/**
 * One run that fetches packages and their signatures before a client requests them. It shares
 * downloads with clients and makes way for them: after a client has requested a file, no other one
 * is started for a while and those in flight pause. A file that is too slow is abandoned. Whatever
 * could not be fetched stays wanted.
 */
export class PrefetchRun {
  readonly #options: PrefetchRunOptions;
  readonly #clock: Clock;
  readonly #pacing: Pacing;
  #slowInARow = 0;
  readonly #report: PrefetchReport = {
    fetched: [],
    bytes: 0,
    failed: [],
    postponed: [],
    opensInMs: null,
  };

  constructor(options: PrefetchRunOptions) {
    const { clients, settings: { prefetchBytesPerSecond }, clock = SYSTEM_CLOCK } = options;
    const cap = prefetchBytesPerSecond === 0
      ? null
      : new BandwidthCap(prefetchBytesPerSecond, () => clock.monotonic());
    this.#options = options;
    this.#clock = clock;
    this.#pacing = new Pacing({ clients, cap, clock });
  }

  /** Fetches the wishes, oldest first. Never throws because of a file that fails. */
  async fetch(list: WishList): Promise<PrefetchReport> {
    const { settings: { prefetchConcurrency }, listener } = this.#options;
    const report = this.#report;
    const queue = this.#recordWishes(list);
    await Promise.all(Array.from({ length: prefetchConcurrency }, () => this.#work(queue)));
    report.postponed.push(...queue.map(({ file }) => keyOf(file)));
    if (report.postponed.length > 0) {
      listener({
        event: "prefetch",
        file: null,
        status: "postponed",
        reason: this.#whyPostponed(),
      });
    }
    log.info("prefetch done", {
      fetched: report.fetched.length,
      bytes: report.bytes,
      failed: report.failed.length,
      postponed: report.postponed.length,
    });
    return report;
  }

  #whyPostponed(): string {
    if (this.#options.signal.aborted) return "stopped";
    return this.#report.opensInMs === null ? "the mirrors are too slow" : "outside prefetch_window";
  }

  /** Replaces the recorded wishes of the planned directories; returns them in order. */
  #recordWishes({ wishes, planned, plannedAt }: WishList): Task[] {
    const { index, tree } = this.#options;
    const tasks: Task[] = [];
    for (const directory of planned) {
      const wanted = wishes.filter((wish) => wish.directory === directory);
      const since = index.wish(directory, wanted.map(({ fileName }) => fileName), plannedAt);
      for (const wish of wanted) {
        const file = tree.fileAt(`${directory}/${wish.fileName}`);
        if (file === null || file.kind === "snapshot") continue;
        tasks.push({ file, wish, since: since.get(wish.fileName) ?? plannedAt });
      }
    }
    return tasks.sort((a, b) =>
      a.since - b.since || b.wish.askedAt - a.wish.askedAt ||
      (keyOf(a.file) < keyOf(b.file) ? -1 : 1)
    );
  }

  /**
   * Takes tasks from the queue until it is empty, the time window is closed, the mirrors prove too
   * slow, or the run stops.
   */
  async #work(queue: Task[]): Promise<void> {
    const { signal } = this.#options;
    while (queue.length > 0) {
      await this.#pacing.untilClientsAreServed(signal);
      this.#report.opensInMs = this.#untilOpen();
      if (signal.aborted || this.#report.opensInMs !== null) return;
      if (this.#slowInARow >= MAX_SLOW_IN_A_ROW) return;
      const task = queue.shift();
      if (task !== undefined) await this.#fetch(task);
    }
  }

  /** Milliseconds until the time window opens; null if it is open. */
  #untilOpen(): number | null {
    const { prefetchWindow } = this.#options.settings;
    if (prefetchWindow === null) return null;
    return untilOpen(prefetchWindow, new Date(this.#clock.now())) || null;
  }

  async #fetch({ file, wish }: Task): Promise<void> {
    const { listener, signal } = this.#options;
    const report = this.#report;
    const key = keyOf(file);
    listener({ event: "prefetch", file: key, status: "started", bytes: wish.size });
    try {
      const bytes = await this.#fetchPackage(file);
      await this.#fetchSignature(file);
      this.#slowInARow = 0;
      report.fetched.push(key);
      report.bytes += bytes;
      listener({ event: "prefetch", file: key, status: "fetched", bytes });
    } catch (error) {
      if (signal.aborted) {
        report.postponed.push(key);
        return;
      }
      if (error instanceof TooSlow) this.#slowInARow++;
      const reason = reasonOf(error);
      report.failed.push({ file: key, reason });
      listener({ event: "prefetch", file: key, status: "failed", reason });
      log.warn("prefetch failed", { file: key, reason });
    }
  }

  /**
   * Returns the size of the package; 0 if it was already cached, or a client's download brought it.
   */
  async #fetchPackage(file: PackageFile): Promise<number> {
    const { outcome, bytes, started } = await this.#download(file);
    return outcome.result === "fetched" && started ? bytes : 0;
  }

  async #fetchSignature({ repository, fileName }: PackageFile): Promise<void> {
    const { packages } = this.#options;
    try {
      const file = { repository, fileName: `${fileName}.sig`, kind: "signature" } as const;
      await packages.prefetchSignature(file);
    } catch (error) {
      // Not every repository signs its packages.
      if (!(error instanceof PkgstashError && error.kind === "not_found")) throw error;
    }
  }

  /**
   * Joins or starts a download and waits for it, unless it is too slow or the run is stopped. A
   * download that this run started is then aborted, unless a client has joined it.
   */
  async #download(
    file: PackageFile,
  ): Promise<{ outcome: DownloadOutcome; bytes: number; started: boolean }> {
    const { packages, clients, signal } = this.#options;
    const patience = new Patience(this.#clock);
    const { download, started } = packages.prefetch(
      file,
      (bytes, signal) => patience.hold(() => this.#pacing.afterChunk(bytes, download, signal)),
    );
    const over = new AbortController();
    const watched = AbortSignal.any([signal, over.signal]);
    try {
      const outcome = await Promise.race([
        abortable(download.done, signal),
        patience.untilTooSlow(file.fileName, download, watched).then(() => download.done),
      ]);
      return { outcome, bytes: download.released, started };
    } catch (error) {
      if (started && !clients.has(download)) {
        // Does nothing to one that has ended. Until it has, requests for the file would join it.
        download.abort();
        await download.done.catch(() => {});
      }
      throw error;
    } finally {
      over.abort();
    }
  }
}
