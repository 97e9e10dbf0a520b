import { BackgroundWork } from "../async/background_work.ts";
import type { Config } from "../config/config.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import type { DirectoryLock } from "../platform/files/directory_lock.ts";
import { freeSpace } from "../platform/files/free_space.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import { type Client, Leases } from "../repositories/leases.ts";
import {
  type PackageFile,
  type Repository,
  type RepositoryFile,
  RepositoryTree,
} from "../repositories/repository.ts";
import type { ExtraFile } from "../repositories/extra_file.ts";
import type { HotFile } from "../repositories/hot_file.ts";
import { HotFiles } from "../repositories/hot_files.ts";
import { sendFile } from "../repositories/send_file.ts";
import type { View } from "../repositories/view.ts";
import type { Traffic } from "../repositories/traffic.ts";
import { SnapshotStore } from "../repositories/snapshot_store.ts";
import { CacheIndex } from "./cache/cache_index.ts";
import { CacheLayout } from "./cache/cache_layout.ts";
import { CacheSize } from "./cache/cache_size.ts";
import { CutFiles } from "./cache/cut_files.ts";
import { CacheWatch } from "./cache/cache_watch.ts";
import { Catalogue } from "./cache/catalogue.ts";
import { prepareCache } from "./cache/prepare_cache.ts";
import { Quarantine } from "./cache/quarantine.ts";
import { removeReplaced } from "./cache/replaced_packages.ts";
import { repositoriesInUse } from "./cache/repositories_in_use.ts";
import { ExtraStore } from "./cache/extra_store.ts";
import { type FileNames, Inventory } from "./cache/inventory.ts";
import { Cleanup } from "./cleanup/cleanup.ts";
import { DiskRoom } from "./cleanup/disk_room.ts";
import { KeptSnapshots } from "./databases/kept_snapshots.ts";
import { ServedPackages } from "./databases/served_packages.ts";
import { Snapshots, type SnapshotSettings } from "./databases/snapshots.ts";
import { ClientDownloads } from "./downloads/client_downloads.ts";
import { DownloadRegistry } from "./downloads/download_registry.ts";
import { RefusedBeginnings } from "./downloads/refused_beginnings.ts";
import { Upstreams } from "./mirrors/upstreams.ts";
import { Prefetcher } from "./prefetch/prefetcher.ts";
import { WishPlanner } from "./prefetch/wish_planner.ts";
import { respondFromCache } from "./pull_through/cache_only.ts";
import { DatabaseRequests } from "./pull_through/database_requests.ts";
import { ExtraRequests } from "./pull_through/extra_requests.ts";
import { MissingFiles } from "./pull_through/missing_files.ts";
import { type FetchedFile, PackageRequests } from "./pull_through/package_requests.ts";
import { PackageSignatures } from "./pull_through/package_signatures.ts";
import { Verification } from "./verification/verification.ts";
import { VerificationSchedule } from "./verification/verification_schedule.ts";
import { LastRefresh } from "./refresh/last_refresh.ts";
import { RefreshCycle } from "./refresh/refresh_cycle.ts";
import { RefreshSchedule } from "./refresh/refresh_schedule.ts";

const log = eventLogger("mirroring");

/**
 * Copies of other people's packages: the door of this wing, which creates its rooms, connects them,
 * and applies a new configuration to them. The way of a request for a file:
 *
 * 1. `pull_through/package_requests` sends a package from the cache if it is there; a database goes
 *    to `pull_through/database_requests`, which asks `databases` whether the published set is still
 *    current.
 * 2. Otherwise `downloads/download_registry` has the download in flight, or starts one.
 * 3. The download reads a `transfer`, which takes bytes from the mirrors that `mirrors` ranks
 * first,
 *    resumes from another one when a mirror fails, and appends them to a `part_file`.
 * 4. Every client follows that file through its own `part_reader`.
 * 5. The complete part is verified and moved into the cache.
 */
export class Mirroring {
  readonly layout: CacheLayout;
  readonly index: CacheIndex;
  readonly cacheSize: CacheSize;
  readonly upstreams: Upstreams;
  readonly downloads: DownloadRegistry;
  readonly clientDownloads = new ClientDownloads();
  readonly snapshots: Snapshots;
  readonly served: ServedPackages;
  readonly inventory: Inventory;
  readonly catalogue: Catalogue;
  readonly quarantine: Quarantine;
  readonly cutFiles: CutFiles;
  readonly cleanup: Cleanup;
  readonly room: DiskRoom;
  readonly cycle: RefreshCycle;
  readonly lastRefresh: LastRefresh;
  readonly verification: Verification;
  readonly #extras: ExtraRequests;
  readonly cacheWatch: CacheWatch;
  readonly #hot = new HotFiles();
  readonly #traffic: Traffic;
  readonly #leases = new Leases();
  readonly #missing = new MissingFiles();
  readonly #refused: RefusedBeginnings;
  readonly #signatures: PackageSignatures;
  readonly #planner: WishPlanner;
  readonly #prefetcher: Prefetcher;
  readonly #schedule: RefreshSchedule;
  readonly #verifications: VerificationSchedule;
  readonly #background = new BackgroundWork((failure, error) =>
    log.error(failure, { reason: reasonOf(error) })
  );
  readonly #listeners: (() => void)[] = [];
  #config: Config;
  readonly #kept: KeptSnapshots;
  /** What served and kept databases list together; the same object until one of them changes. */
  readonly #listed = new Map<string, { served: FileNames; kept: FileNames; listed: FileNames }>();
  #tree: RepositoryTree;
  #packages: PackageRequests;
  #databases: DatabaseRequests;
  /** Resolves once the index has been compared with the disk, or cannot be. */
  #indexed: Promise<void> = Promise.resolve();

  private constructor(
    config: Config,
    { layout, lock, index, metrics, traffic }: {
      layout: CacheLayout;
      lock: DirectoryLock;
      index: CacheIndex;
      metrics: Metrics;
      traffic: Traffic;
    },
  ) {
    this.#config = config;
    this.#traffic = traffic;
    this.layout = layout;
    this.index = index;
    this.#refused = new RefusedBeginnings(layout.refusedBeginnings);
    this.cacheWatch = new CacheWatch({
      layout,
      lock,
      index,
      onRestored: () =>
        this.#background.add("cannot compare the cache with its index", this.inventory.reconcile()),
    });
    this.quarantine = new Quarantine(layout);
    this.cacheSize = new CacheSize(layout);
    metrics.observeCacheSize(() => this.cacheSize.bytes());
    this.upstreams = new Upstreams(config, metrics, {
      onMirrorsChanged: (upstream) => this.#doubt(upstream, "the mirrorlist changed"),
    });
    this.downloads = new DownloadRegistry(
      metrics,
      (download) => this.clientDownloads.requestsFor(download),
    );
    this.cutFiles = new CutFiles(this);
    const store = new SnapshotStore(
      layout,
      undefined,
      (repository, before, after) => this.#kept.keep(repository, before, after),
    );
    this.#kept = new KeptSnapshots({
      layout,
      snapshots: store,
      daysOf: ({ upstream }) =>
        this.#config.upstreams.find(({ name }) => name === upstream)?.keepSnapshots ?? 0,
    });
    this.snapshots = new Snapshots({
      layout,
      store,
      traffic,
      index,
      indexed: () => this.#indexed,
      upstreams: this.upstreams,
      room: { make: (bytes) => this.room.make(bytes) },
      onPublished: (repository, before) => {
        this.#background.add(
          "cannot record what to prefetch",
          this.#planner.record(repository, before),
        );
        for (const listener of this.#listeners) listener();
      },
      settings: snapshotSettings(config),
    });
    this.served = new ServedPackages(this.snapshots, () => this.#tree.repositories);
    this.inventory = new Inventory({
      layout,
      index,
      cutFiles: this.cutFiles,
      tree: () => this.#tree,
      settings: () => this.#config,
      downloads: this.downloads,
      snapshots: { trustedPackagesOf: (repository) => this.#listedIn(repository) },
    });
    this.catalogue = new Catalogue({
      layout,
      index,
      inventory: this.inventory,
      settings: () => this.#config,
      downloads: this.downloads,
    });
    this.cleanup = new Cleanup({
      layout,
      index,
      inventory: this.inventory,
      downloads: this.downloads,
      snapshotStore: store,
      settings: () => this.#config,
      freeSpace: () => freeSpace(layout.root),
    });
    this.room = new DiskRoom({
      cleanup: this.cleanup,
      downloads: this.downloads,
      settings: () => this.#config,
      freeSpace: () => freeSpace(layout.root),
    });
    this.#signatures = new PackageSignatures({
      layout,
      hot: this.#hot,
      downloads: this.downloads,
      missing: this.#missing,
      traffic,
      upstreams: this.upstreams,
      snapshots: this.snapshots,
      settings: () => this.#config,
    });
    this.#extras = new ExtraRequests({
      layout,
      store: new ExtraStore(layout),
      downloads: this.downloads,
      clients: this.clientDownloads,
      traffic,
      upstreams: this.upstreams,
      onStored: () => this.room.keep(),
      onWork: (work) => void this.#background.add("cannot record a file of extra_paths", work),
      answerTimeoutMs: () => this.#config.answerTimeoutMs,
    });
    this.#planner = new WishPlanner({
      index,
      snapshots: this.snapshots,
      tree: () => this.#tree,
      settings: () => this.#config,
    });
    this.#prefetcher = new Prefetcher({
      planner: this.#planner,
      packages: () => this.#packages,
      clients: this.clientDownloads,
      index,
      tree: () => this.#tree,
      settings: () => this.#config,
      onWindowOpen: () => this.#schedule.runNow(),
    });
    this.lastRefresh = new LastRefresh(layout.lastRefresh);
    this.cycle = new RefreshCycle({
      snapshots: this.snapshots,
      repositories: () => this.repositoriesInUse(),
      prefetcher: this.#prefetcher,
      cleanup: this.cleanup,
      lastRefresh: this.lastRefresh,
    });
    this.#schedule = new RefreshSchedule({ cycle: this.cycle, lastRefresh: this.lastRefresh });
    this.verification = new Verification({
      layout,
      index,
      inventory: this.inventory,
      quarantine: this.quarantine,
      snapshots: this.snapshots,
      clients: this.clientDownloads,
      tree: () => this.#tree,
      settings: () => this.#config,
      refetch: (file) => this.#refetch(file),
    });
    this.#verifications = new VerificationSchedule({
      verification: this.verification,
      last: new LastRefresh(layout.lastVerification),
    });
    this.#tree = new RepositoryTree(config);
    this.#packages = this.#packageRequests(config);
    this.#databases = this.#databaseRequests(config);
  }

  /**
   * Takes possession of the cache directory, and starts keeping it fresh and small. `traffic` is
   * where bytes are counted.
   */
  static async open(
    config: Config,
    metrics: Metrics,
    traffic: Traffic = metrics,
  ): Promise<Mirroring> {
    const layout = new CacheLayout(config.cacheRoot);
    using resources = new DisposableStack();
    const lock = resources.use(await prepareCache(layout));
    const index = resources.use(await CacheIndex.open(layout.index));
    const mirroring = new Mirroring(config, { layout, lock, index, metrics, traffic });
    // From here on, stopping the wing releases them.
    resources.move();
    try {
      await mirroring.#refused.load();
      mirroring.#indexed = mirroring.#background.add(
        "cannot compare the cache with its index",
        mirroring.inventory.reconcile(),
      );
      mirroring.snapshots.verifyCached(mirroring.#tree.repositories);
      await mirroring.#schedule.reschedule(config);
      await mirroring.#verifications.reschedule(config.verifyIntervalMs);
      return mirroring;
    } catch (error) {
      await mirroring.stop();
      throw error;
    }
  }

  /** Every path that clients may request. */
  get tree(): RepositoryTree {
    return this.#tree;
  }

  /** When the next refresh begins, in milliseconds since the epoch; null if none is scheduled. */
  get nextRefreshAt(): number | null {
    return this.#schedule.nextAt;
  }

  /** The repositories worth refreshing. */
  repositoriesInUse(): Promise<Repository[]> {
    return repositoriesInUse(this.#tree, this.layout);
  }

  /**
   * The file in memory with which this URL was answered; null if there is none. `now` is the time.
   */
  hotFileAt(url: string, now: number): HotFile | null {
    return this.#hot.at(url, now);
  }

  /** Answers a plain request from memory, at once and like `respond`; null if it cannot. */
  recall(hot: HotFile, request: Request, client: Client): Response | null {
    // A request on behalf of others may get another answer.
    if (request.headers.has("via")) return null;
    const { file } = hot;
    if (file.kind === "snapshot") return this.#databases.recall(hot, file, request, client);
    const response = this.#packages.recall(hot, file, request);
    if (response !== null && request.method === "GET") this.index.recordUse(file, Date.now());
    return response;
  }

  /** Answers a GET or HEAD for a file of a repository, or of the extra paths. */
  async respond(
    file: RepositoryFile | ExtraFile,
    request: Request,
    client: Client,
  ): Promise<Response> {
    if (file.kind !== "extra") await this.cutFiles.makeWay(file);
    return await this.upstreams.hops.follow(request.headers.get("via"), {
      work: () => this.#respond(file, request, client),
      cacheOnly: () => respondFromCache(file, request, this),
    });
  }

  /**
   * Like `respond`, for a file in a view. Packages are the repository's: cleanup keeps what a kept
   * database lists.
   */
  async respondInView(
    file: RepositoryFile,
    view: View,
    request: Request,
    client: Client,
  ): Promise<Response> {
    const { repository, fileName } = file;
    const member = file.kind === "snapshot" ? file.member : "db";
    const path = await this.#kept.find(repository, view, member);
    if (path === null || file.kind !== "snapshot") {
      return await this.respond(file, request, client);
    }
    const response = await sendFile(request, { path, fileName, status: "HIT" });
    if (response !== null) return response;
    throw new PkgstashError(
      "not_found",
      `Cannot show ${repository.name}@${view.text}: the kept ${fileName} is missing from the disk.`,
    );
  }

  /** The packages that the served database or a kept one lists; null if unknown. */
  async #listedIn(repository: Repository): Promise<FileNames | null> {
    const served = await this.snapshots.trustedPackagesOf(repository);
    if (served === null) return null;
    const kept = await this.#kept.fileNames(repository);
    if (kept.size === 0) return served;
    const known = this.#listed.get(repository.directory);
    if (known?.served === served && known.kept === kept) return known.listed;
    const listed = { has: (name: string) => served.has(name) || kept.has(name) };
    this.#listed.set(repository.directory, { served, kept, listed });
    return listed;
  }

  async #respond(
    file: RepositoryFile | ExtraFile,
    request: Request,
    client: Client,
  ): Promise<Response> {
    if (file.kind === "extra") return await this.#extras.respond(file, request, client);
    if (file.kind === "snapshot") return await this.#databases.respond(file, request, client);
    const response = await this.#packages.respond(file, request, client);
    if (request.method === "GET") this.index.recordUse(file, Date.now());
    return response;
  }

  /** Calls `listener` after each new database. */
  onDatabase(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** See `PackageRequests.refuseResume`. */
  async refuseResume(file: PackageFile, request: Request): Promise<Response | null> {
    return await this.#packages.refuseResume(file, request);
  }

  /** Applies a new configuration to every further request; transfers in flight continue. */
  reconfigure(config: Config): void {
    // First what can throw, so that a configuration is applied as a whole or not at all.
    this.upstreams.reconfigure(config);
    this.#config = config;
    this.snapshots.reconfigure(snapshotSettings(config));
    this.#tree = new RepositoryTree(config);
    this.#packages = this.#packageRequests(config);
    this.#databases = this.#databaseRequests(config);
    this.#hot.clear();
    this.#background.add(
      "cannot schedule the next refresh",
      this.#schedule.reschedule(config),
    );
    this.#background.add(
      "cannot schedule the next verification",
      this.#verifications.reschedule(config.verifyIntervalMs),
    );
  }

  /** Stops what no client waits for: refresh, prefetch, cleanup and verification. */
  async stopBackground(): Promise<void> {
    this.#prefetcher.stop();
    await Promise.all([
      this.cycle.stop(),
      this.#schedule.stop(),
      this.verification.stop().then(() => this.#verifications.stop()),
    ]);
  }

  /** Stops everything, keeps part files for the next start, and releases the cache directory. */
  async stop(): Promise<void> {
    const background = this.stopBackground();
    await this.snapshots.stop();
    await background;
    await this.downloads.stop();
    await this.#signatures.stop();
    await this.#hot[Symbol.asyncDispose]();
    await this.#refused.settled();
    await this.#background.settled();
    await this.room.settled();
    await this.cleanup.settled();
    await this.catalogue.settled();
    this.catalogue[Symbol.dispose]();
    this.upstreams[Symbol.dispose]();
    await this.cacheWatch[Symbol.asyncDispose]();
    this.index[Symbol.dispose]();
  }

  async #refetch(file: PackageFile): Promise<void> {
    if (file.kind === "signature") return await this.#packages.prefetchSignature(file);
    const { download } = this.#packages.prefetch(file, async () => {});
    await download.done;
  }

  /** Marks the databases of an upstream as doubtful. */
  #doubt(upstream: string, evidence: string): void {
    for (const repository of this.#tree.repositories) {
      if (repository.upstream === upstream) this.snapshots.doubt(repository, evidence);
    }
  }

  #packageRequests({ answerTimeoutMs }: Config): PackageRequests {
    return new PackageRequests({
      layout: this.layout,
      hot: this.#hot,
      quarantine: this.quarantine,
      downloads: this.downloads,
      clients: this.clientDownloads,
      missing: this.#missing,
      signatures: this.#signatures,
      refused: this.#refused,
      roomFor: (key) => this.room.of(key),
      traffic: this.#traffic,
      upstreams: this.upstreams,
      snapshots: this.snapshots,
      onFetched: (file, fetched) =>
        this.#background.add("cannot record a fetched file", this.#record(file, fetched)),
      answerTimeoutMs,
    });
  }

  #databaseRequests({ answerTimeoutMs }: Config): DatabaseRequests {
    return new DatabaseRequests({
      hot: this.#hot,
      snapshots: this.snapshots,
      leases: this.#leases,
      upstreams: this.upstreams,
      answerTimeoutMs,
    });
  }

  /** Records a fetched file, or removes it if the database has been replaced meanwhile. */
  async #record(file: PackageFile, { size, sha256, prefetched }: FetchedFile): Promise<void> {
    this.index.recordFetch(file, { size, sha256, at: Date.now(), prefetched });
    const { repository, fileName } = file;
    const packages = await this.snapshots.packagesOf(repository);
    const expected = packages?.get(fileName)?.sha256 ?? sha256;
    if (packages !== null && expected !== sha256) {
      await removeReplaced(repository, packages, { layout: this.layout, index: this.index });
    }
    await this.room.keep();
  }
}

function snapshotSettings(config: Config): SnapshotSettings {
  return {
    databaseMaxAgeMs: config.databaseMaxAgeMs,
    raceTimeoutMs: config.raceTimeoutMs,
    answerTimeoutMs: config.answerTimeoutMs,
    missingAgeMs: config.missingSignatureAgeMs,
    rollbackAgeMs: config.rollbackAgeMs,
    vanishedAgeMs: config.vanishedAgeMs,
  };
}
