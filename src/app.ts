import { CacheLayout } from "./mirroring/cache/cache_layout.ts";
import { Cleanup } from "./mirroring/cleanup/cleanup.ts";
import { CacheIndex } from "./mirroring/cache/cache_index.ts";
import { CacheSize } from "./mirroring/cache/cache_size.ts";
import { Inventory } from "./mirroring/cache/inventory.ts";
import { prepareCache } from "./mirroring/cache/prepare_cache.ts";
import { removeReplaced } from "./mirroring/cache/replaced_packages.ts";
import { type PackageFile, RepositoryTree } from "./repositories/repository.ts";
import { repositoriesInUse } from "./mirroring/cache/repositories_in_use.ts";
import type { Config } from "./config/config.ts";
import { ClientDownloads } from "./mirroring/downloads/client_downloads.ts";
import { DownloadRegistry } from "./mirroring/downloads/download_registry.ts";
import { MirrorAccess } from "./mirroring/mirrors/mirror_access.ts";
import { PkgstashError, reasonOf } from "./errors.ts";
import { mirrorPools } from "./mirroring/mirrors/mirror_pools.ts";
import { HttpClient } from "./platform/http_client.ts";
import { eventLogger } from "./platform/observability/logging.ts";
import { Metrics } from "./platform/observability/metrics.ts";
import { MissingSignatures } from "./mirroring/pull_through/missing_signatures.ts";
import { type FetchedFile, PackageRequests } from "./mirroring/pull_through/package_requests.ts";
import { SnapshotRequests } from "./mirroring/pull_through/database_requests.ts";
import { createHandler, type Services } from "./server/handler.ts";
import { Server } from "./server/server.ts";
import { freeSpace } from "./platform/files/free_space.ts";
import { Prefetcher } from "./mirroring/prefetch/prefetcher.ts";
import { WishPlanner } from "./mirroring/prefetch/wish_planner.ts";
import { LastRefresh } from "./mirroring/refresh/last_refresh.ts";
import { RefreshCycle } from "./mirroring/refresh/refresh_cycle.ts";
import { RefreshSchedule } from "./mirroring/refresh/refresh_schedule.ts";
import { Leases } from "./repositories/leases.ts";
import { Snapshots, type SnapshotSettings } from "./mirroring/databases/snapshots.ts";
import { SnapshotStore } from "./repositories/snapshot_store.ts";

const log = eventLogger("app");

/** Keys that a running daemon cannot change. */
const FIXED = ["cacheRoot", "listenAddress", "port", "tlsCertificate", "tlsKey"] as const;

/**
 * The mirror daemon, wired together. A request for a file takes this way:
 *
 * 1. `server/handler` matches its path to a configured repository, or answers 404.
 * 2. `mirroring/pull_through` sends a package from the cache if it is there; databases go to
 *    `mirroring/databases`, which knows whether the published set is still current.
 * 3. Otherwise `mirroring/downloads` has the download in flight, or starts one.
 * 4. The download reads a `transfer`, which takes bytes from the mirrors that `mirroring/mirrors`
 *    puts first and goes on with another when one fails, and appends them to a `part_file`.
 * 5. Every client follows that file through a `part_reader` of its own.
 * 6. The complete part is checked, and moved to its place in the cache.
 */
export class App implements AsyncDisposable {
  readonly #downloads: DownloadRegistry;
  readonly #snapshots: Snapshots;
  readonly #metrics: Metrics;
  readonly #cacheSize: CacheSize;
  readonly #startedAt = Date.now();
  readonly #cycle: RefreshCycle;
  readonly #inventory: Inventory;
  readonly #cleanup: Cleanup;
  readonly #planner: WishPlanner;
  readonly #prefetcher: Prefetcher;
  readonly #clientDownloads = new ClientDownloads();
  readonly #leases = new Leases();
  readonly #clients: HttpClient[] = [];
  #accesses: ReadonlyMap<string, MirrorAccess>;
  #services: Services;
  #config: Config;
  readonly #schedule: RefreshSchedule;
  #server: Server | null = null;
  /** Resolves once the index has been compared with the disk, or cannot be. */
  #indexed: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;
  readonly #background = new Set<Promise<void>>();

  private constructor(
    config: Config,
    private readonly layout: CacheLayout,
    private readonly lock: Disposable,
    private readonly index: CacheIndex,
  ) {
    this.#config = config;
    this.#cacheSize = new CacheSize(layout);
    this.#metrics = new Metrics(() => this.#cacheSize.bytes());
    this.#downloads = new DownloadRegistry(this.#metrics);
    const store = new SnapshotStore(layout);
    this.#snapshots = new Snapshots({
      layout,
      store,
      metrics: this.#metrics,
      index,
      indexed: () => this.#indexed,
      accessOf: ({ upstream }) => this.#accessOf(upstream),
      onPublished: (repository, before) =>
        this.#inBackground("wishes not recorded", this.#planner.record(repository, before)),
      settings: snapshotSettings(config),
    });
    this.#inventory = new Inventory({
      layout,
      index,
      tree: () => this.#services.tree,
      settings: () => this.#config,
      downloads: this.#downloads,
      snapshots: this.#snapshots,
    });
    this.#cleanup = new Cleanup({
      layout,
      index,
      inventory: this.#inventory,
      downloads: this.#downloads,
      snapshotStore: store,
      settings: () => this.#config,
      freeSpace: () => freeSpace(layout.root),
    });
    this.#planner = new WishPlanner({
      index,
      snapshots: this.#snapshots,
      tree: () => this.#services.tree,
      settings: () => this.#config,
    });
    this.#prefetcher = new Prefetcher({
      planner: this.#planner,
      packages: () => this.#services.packages,
      clients: this.#clientDownloads,
      index,
      tree: () => this.#services.tree,
      settings: () => this.#config,
      onWindowOpen: () => this.#schedule.runNow(),
    });
    const lastRefresh = new LastRefresh(layout.lastRefresh);
    this.#cycle = new RefreshCycle({
      snapshots: this.#snapshots,
      repositories: () => repositoriesInUse(this.#services.tree, layout),
      prefetcher: this.#prefetcher,
      cleanup: this.#cleanup,
      lastRefresh,
    });
    this.#schedule = new RefreshSchedule({ cycle: this.#cycle, lastRefresh });
    this.#accesses = this.#connect(config);
    this.#services = this.#assemble(config);
  }

  /** Takes the cache directory and begins to listen. */
  static async start(config: Config): Promise<App> {
    const layout = new CacheLayout(config.cacheRoot);
    const lock = await prepareCache(layout);
    const app = new App(config, layout, lock, await CacheIndex.open(layout.index));
    try {
      app.#indexed = app.#inBackground(
        "cache not compared with its index",
        app.#inventory.reconcile(),
      );
      app.#snapshots.verifyCached(app.#services.tree.repositories);
      await app.#schedule.reschedule(config);
      app.#server = await Server.listen(config, createHandler(() => app.#services));
      return app;
    } catch (error) {
      await app.stop();
      throw error;
    }
  }

  /** Where it listens, e.g. `http://0.0.0.0:8090`. */
  get url(): string {
    return this.#server!.url;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** Puts a new configuration in force for all requests from now on. */
  reconfigure(config: Config): void {
    const fixed = FIXED.filter((key) => config[key] !== this.#config[key]);
    if (fixed.length > 0) {
      log.warn("some changes need a restart", { keys: fixed.join(", ") });
    }
    this.#accesses = this.#connect(config);
    this.#snapshots.reconfigure(snapshotSettings(config));
    this.#services = this.#assemble(config);
    this.#config = config;
    this.#inBackground("refreshes not scheduled", this.#schedule.reschedule(config));
  }

  /** Ends well: no new connections, time for transfers in flight, parts left to be gone on with. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    // First of all what nobody waits for, so that clients have the time that is left.
    this.#prefetcher.stop();
    const cycle = this.#cycle.stop();
    const schedule = this.#schedule.stop();
    await this.#server?.stop(this.#config.drainTimeoutMs);
    await this.#snapshots.stop();
    await cycle;
    await schedule;
    await this.#downloads.stop();
    await Promise.all(this.#background);
    await this.#cleanup.settled();
    for (const client of this.#clients) client[Symbol.dispose]();
    this.index[Symbol.dispose]();
    this.lock[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #connect(config: Config): ReadonlyMap<string, MirrorAccess> {
    const client = new HttpClient(config);
    // Transfers begun with an earlier one go on, so all are closed together at the end.
    this.#clients.push(client);
    const accesses = new Map<string, MirrorAccess>();
    for (const [upstream, pool] of mirrorPools(config)) {
      accesses.set(upstream, new MirrorAccess(pool, client, config, this.#metrics));
    }
    return accesses;
  }

  #assemble(config: Config): Services {
    const { layout } = this;
    return {
      token: config.token,
      tree: new RepositoryTree(config),
      layout,
      snapshots: this.#snapshots,
      cycle: this.#cycle,
      cleanup: this.#cleanup,
      metrics: this.#metrics,
      config,
      index: this.index,
      cacheSize: this.#cacheSize,
      startedAt: this.#startedAt,
      accesses: this.#accesses,
      downloads: this.#downloads,
      clientDownloads: this.#clientDownloads,
      onUse: (file) => file.kind === "package" && this.index.used(file, Date.now()),
      packages: new PackageRequests({
        layout,
        downloads: this.#downloads,
        clients: this.#clientDownloads,
        missing: new MissingSignatures(config.missingSignatureAgeMs),
        metrics: this.#metrics,
        accessOf: ({ repository }) => this.#accessOf(repository.upstream),
        expectationOf: ({ repository, fileName }) =>
          this.#snapshots.expectationOf(repository, fileName),
        embeddedSignatureOf: ({ repository, fileName }) =>
          this.#snapshots.embeddedSignature(repository, fileName.replace(/\.sig$/, "")),
        onFetched: (file, fetched) =>
          this.#inBackground("file not recorded", this.#record(file, fetched)),
        answerTimeoutMs: config.answerTimeoutMs,
      }),
      databases: new SnapshotRequests({
        snapshots: this.#snapshots,
        leases: this.#leases,
        metrics: this.#metrics,
        answerTimeoutMs: config.answerTimeoutMs,
      }),
    };
  }

  /** Sees to it that `work` ends before the daemon does; resolves when it has, well or not. */
  #inBackground(failure: string, work: Promise<void>): Promise<void> {
    const done: Promise<void> = work
      .catch((error) => log.error(failure, { reason: reasonOf(error) }))
      .finally(() => this.#background.delete(done));
    this.#background.add(done);
    return done;
  }

  /** Takes a fetched file into the index, or out of the cache if a newer database is against it. */
  async #record(file: PackageFile, { size, sha256, prefetched }: FetchedFile): Promise<void> {
    this.index.fetched(file, { size, sha256, at: Date.now(), prefetched });
    const { repository, fileName } = file;
    const packages = await this.#snapshots.packagesOf(repository);
    const expected = packages?.get(fileName)?.sha256 ?? sha256;
    if (packages !== null && expected !== sha256) {
      await removeReplaced(repository, packages, this.layout, this.index);
    }
    await this.#cleanup.ensureFreeSpace();
  }

  #accessOf(upstream: string): MirrorAccess {
    const access = this.#accesses.get(upstream);
    if (access !== undefined) return access;
    throw new PkgstashError("not_found", `The upstream ${upstream} is no longer configured`);
  }
}

function snapshotSettings(config: Config): SnapshotSettings {
  return {
    databaseMaxAgeMs: config.databaseMaxAgeMs,
    patience: config.answerTimeoutMs,
    missingAge: config.missingSignatureAgeMs,
    rollbackAgeMs: config.rollbackAgeMs,
  };
}
