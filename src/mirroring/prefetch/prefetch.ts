import type { CacheIndex } from "../cache/cache_index.ts";
import { keyOf, type PackageFile, type RepositoryFile } from "../../repositories/repository.ts";
import type { Config } from "../../config/config.ts";
import { untilOpen } from "../../config/quantities.ts";
import type { ClientDownloads } from "../downloads/client_downloads.ts";
import type { Download } from "../downloads/download.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { PackageRequests } from "../pull_through/package_requests.ts";
import { BandwidthCap } from "./bandwidth_cap.ts";
import { type Clock, SYSTEM_CLOCK } from "../../async/clock.ts";
import { Pacing } from "./pacing.ts";
import type { Wish } from "./prefetch_plan.ts";
import type { PrefetchEvent } from "./prefetch_events.ts";

const log = eventLogger("prefetch");

export interface PrefetchOptions {
  packages: Pick<PackageRequests, "prefetch">;
  clients: ClientDownloads;
  index: Pick<CacheIndex, "wish">;
  /** What a path below the server's root names, or null. */
  fileAt: (path: string) => RepositoryFile | null;
  settings: Pick<Config, "prefetchConcurrency" | "prefetchBytesPerSecond" | "prefetchWindow">;
  clock?: Clock;
}

export interface PrefetchRun {
  /** The directories that were planned for; what was wished from them before is replaced. */
  planned: readonly string[];
  /** When the planning began, in milliseconds since the epoch; what was wished since then stays. */
  plannedAt: number;
  onProgress?: (event: PrefetchEvent) => void;
  signal: AbortSignal;
}

/** What a run came to; files are named by their path below the server's root. */
export interface PrefetchReport {
  fetched: string[];
  /** Bytes of the packages fetched. */
  bytes: number;
  failed: { file: string; reason: string }[];
  /** Still wished for, because the time window closed or the run was stopped. */
  postponed: string[];
  /** Milliseconds until the time window opens, when it was closed; otherwise null. */
  opensIn: number | null;
}

interface Task {
  file: PackageFile;
  wish: Wish;
  since: number;
}

/**
 * Fetches packages and their signatures before anyone asks, through the same downloads as clients,
 * and behind them: nothing is begun while a client waits for a download, and what is under way
 * rests. What could not be fetched stays wished for.
 */
export class Prefetch {
  readonly #pacing: Pacing;
  readonly #clock: Clock;

  constructor(private readonly options: PrefetchOptions) {
    const { clients, settings: { prefetchBytesPerSecond }, clock = SYSTEM_CLOCK } = options;
    this.#clock = clock;
    const cap = prefetchBytesPerSecond === 0
      ? null
      : new BandwidthCap(prefetchBytesPerSecond, () => clock.monotonic());
    this.#pacing = new Pacing({ clients, cap, clock });
  }

  /** Fetches what is wished for, oldest wish first; never throws for a file that fails. */
  async run(
    wishes: readonly Wish[],
    { planned, plannedAt, onProgress = () => {}, signal }: PrefetchRun,
  ): Promise<PrefetchReport> {
    const report: PrefetchReport = {
      fetched: [],
      bytes: 0,
      failed: [],
      postponed: [],
      opensIn: null,
    };
    const queue = this.#inOrder(wishes, planned, plannedAt);
    const work = async () => {
      while (queue.length > 0) {
        await this.#pacing.untilClientsAreServed(signal);
        report.opensIn = this.#untilOpen();
        if (signal.aborted || report.opensIn !== null) return;
        const task = queue.shift();
        if (task !== undefined) await this.#fetch(task, report, onProgress, signal);
      }
    };
    const { prefetchConcurrency } = this.options.settings;
    await Promise.all(Array.from({ length: prefetchConcurrency }, work));
    report.postponed.push(...queue.map(({ file }) => keyOf(file)));
    if (report.postponed.length > 0) {
      onProgress({
        event: "prefetch",
        file: null,
        status: "postponed",
        reason: signal.aborted ? "stopped" : "outside prefetch_window",
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

  #inOrder(wishes: readonly Wish[], planned: readonly string[], plannedAt: number): Task[] {
    const tasks: Task[] = [];
    for (const directory of planned) {
      const ofDirectory = wishes.filter((wish) => wish.directory === directory);
      const since = this.options.index.wish(
        directory,
        ofDirectory.map((w) => w.fileName),
        plannedAt,
      );
      for (const wish of ofDirectory) {
        const file = this.options.fileAt(`${directory}/${wish.fileName}`);
        if (file === null || file.kind === "snapshot") continue;
        tasks.push({ file, wish, since: since.get(wish.fileName) ?? plannedAt });
      }
    }
    return tasks.sort((a, b) =>
      a.since - b.since || b.wish.askedAt - a.wish.askedAt ||
      (keyOf(a.file) < keyOf(b.file) ? -1 : 1)
    );
  }

  /** Milliseconds until the time window opens, or null when it is open. */
  #untilOpen(): number | null {
    const { prefetchWindow } = this.options.settings;
    if (prefetchWindow === null) return null;
    return untilOpen(prefetchWindow, new Date(this.#clock.now())) || null;
  }

  async #fetch(
    { file, wish }: Task,
    report: PrefetchReport,
    onProgress: (event: PrefetchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const key = keyOf(file);
    onProgress({ event: "prefetch", file: key, status: "started", bytes: wish.size });
    try {
      const bytes = await this.#fetchPackage(file, signal);
      await this.#fetchSignature(file, signal);
      report.fetched.push(key);
      report.bytes += bytes;
      onProgress({ event: "prefetch", file: key, status: "fetched", bytes });
    } catch (error) {
      if (signal.aborted) {
        report.postponed.push(key);
        return;
      }
      const reason = reasonOf(error);
      report.failed.push({ file: key, reason });
      onProgress({ event: "prefetch", file: key, status: "failed", reason });
      log.warn("prefetch failed", { file: key, reason });
    }
  }

  /** Gives the bytes that came from a mirror. */
  async #fetchPackage(file: PackageFile, signal: AbortSignal): Promise<number> {
    const { download, started } = this.#start(file);
    const { result } = await this.#follow(download, started, signal);
    if (result !== "fetched" || !started) return 0;
    return download.released;
  }

  async #fetchSignature(file: PackageFile, signal: AbortSignal): Promise<void> {
    const { repository, fileName } = file;
    try {
      const { download, started } = this.#start({
        repository,
        fileName: `${fileName}.sig`,
        kind: "signature",
      });
      await this.#follow(download, started, signal);
    } catch (error) {
      // Not every repository signs its packages.
      if (!(error instanceof PkgstashError && error.kind === "not_found")) throw error;
    }
  }

  #start(file: PackageFile): { download: Download; started: boolean } {
    const { packages } = this.options;
    const begun = packages.prefetch(
      file,
      (bytes, signal) => this.#pacing.afterChunk(bytes, begun.download, signal),
    );
    return begun;
  }

  /**
   * Waits for a download, or until the run is stopped: then the download is too, unless it is one
   * that clients take part in.
   */
  async #follow(download: Download, started: boolean, signal: AbortSignal) {
    const stopped = Promise.withResolvers<never>();
    const stop = () => {
      if (started && !this.options.clients.has(download)) download.abort();
      stopped.reject(signal.reason);
    };
    signal.addEventListener("abort", stop);
    try {
      if (signal.aborted) stop();
      return await Promise.race([stopped.promise, download.done]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
