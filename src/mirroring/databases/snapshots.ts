import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Repository } from "../../repositories/repository.ts";
import { removeReplaced, verifyUnrecorded } from "../cache/replaced_packages.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { MirrorPool } from "../mirrors/mirror_pool.ts";
import type { Metrics } from "../../platform/observability/metrics.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { type PackageIndex, readPackageIndex } from "../../repositories/package_index.ts";
import { findEmbeddedSignature } from "../../repositories/embedded_signature.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { RefreshResult } from "./snapshot_draft.ts";
import { SnapshotRefresh } from "./snapshot_refresh.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";

const log = eventLogger("snapshot");

/** A file list that nobody has asked for in this time is no longer copied, in milliseconds. */
const FILES_INTEREST = 30 * 24 * 3_600_000;
/** After a failure, requests are served from the cache for this long without asking again, in ms. */
const REST_AFTER_FAILURE = 15_000;

export interface SnapshotsOptions {
  layout: CacheLayout;
  store: SnapshotStore;
  metrics: Metrics;
  index: CacheIndex;
  /** Resolves once the index has been compared with the disk after the start. */
  indexed: () => Promise<void>;
  accessOf: (repository: Repository) => Upstream;
  /** Told of each new database with the one before it, after it is served. */
  onPublished: (repository: Repository, before: Snapshot | null, after: Snapshot) => void;
  settings: SnapshotSettings;
}

/** What a new configuration may change while running. */
export interface SnapshotSettings {
  /** Milliseconds for which a snapshot is served without asking a mirror. */
  databaseMaxAgeMs: number;
  /** Milliseconds of silence after which a begun transfer is given up. */
  patience: number;
  /** Milliseconds for which a file that no mirror has is remembered as missing. */
  missingAge: number;
  /** Milliseconds for which all mirrors must agree on an older database before it is believed. */
  rollbackAgeMs: number;
}

/** What is known of one repository between requests. */
interface State {
  refresh: SnapshotRefresh | null;
  /** When a mirror last said that the set is current; monotonic milliseconds. */
  checkedAt: number;
  failedAt: number;
  /** When a client last asked for the file list; milliseconds since the epoch, 0 for never. */
  filesAskedAt: number;
  /** Until when the mirrors are taken not to have a file list; monotonic milliseconds. */
  filesMissingUntil: number;
  index: { packages: Promise<PackageIndex | null> } | null;
  /** Whether cached packages were compared with a database since the start. */
  verified: boolean;
}

/** The snapshots of all repositories: what is served, and bringing it up to date. */
export class Snapshots {
  readonly #states = new Map<string, State>();
  readonly #controller = new AbortController();
  readonly #background = new Set<Promise<void>>();

  #settings: SnapshotSettings;

  constructor(private readonly options: SnapshotsOptions) {
    this.#settings = options.settings;
  }

  reconfigure(settings: SnapshotSettings): void {
    this.#settings = settings;
  }

  current(repository: Repository): Promise<Snapshot | null> {
    return this.options.store.current(repository);
  }

  pathOf(repository: Repository, blob: string): string {
    return this.options.store.pathOf(repository, blob);
  }

  /** Looks into cached packages that changed while the daemon was not running. */
  verifyCached(repositories: Iterable<Repository>): void {
    for (const repository of repositories) this.#verify(repository, this.#state(repository));
  }

  /** Forgets a set whose files are gone; false if another is served by now. */
  async lost(repository: Repository, snapshot: Snapshot): Promise<boolean> {
    if ((await this.current(repository))?.generation !== snapshot.generation) return false;
    log.warn("files of the served snapshot are gone", { repository: repository.directory });
    this.options.store.forget(repository.directory);
    const state = this.#state(repository);
    state.index = null;
    state.checkedAt = -Infinity;
    return true;
  }

  /** Whether a mirror said a short while ago that the current set is what it has. */
  isFresh(repository: Repository): boolean {
    return performance.now() - this.#state(repository).checkedAt < this.#settings.databaseMaxAgeMs;
  }

  /** Whether a mirror should be asked before the current set is served. */
  isDue(repository: Repository): boolean {
    const { failedAt } = this.#state(repository);
    const rest = Math.min(REST_AFTER_FAILURE, this.#settings.databaseMaxAgeMs);
    return !this.isFresh(repository) && performance.now() - failedAt >= rest;
  }

  /**
   * When a mirror last said that the current set is what it has, in milliseconds before now, null
   * if none did since the start; and whether the last attempt to ask failed.
   */
  standingOf(repository: Repository): { checkedBefore: number | null; failed: boolean } {
    const { checkedAt, failedAt } = this.#state(repository);
    return {
      checkedBefore: checkedAt === -Infinity ? null : performance.now() - checkedAt,
      failed: failedAt > checkedAt,
    };
  }

  /** The refresh under way, if any. */
  underWay(repository: Repository): SnapshotRefresh | null {
    return this.#state(repository).refresh;
  }

  /** Notes that a client wants the file list: then it is part of the snapshots to come. */
  filesAsked(repository: Repository): void {
    this.#state(repository).filesAskedAt = Date.now();
  }

  /** Whether the mirrors had no file list when they were last asked, a short while ago. */
  filesAreMissing(repository: Repository): boolean {
    return performance.now() < this.#state(repository).filesMissingUntil;
  }

  /**
   * The refresh under way, or a new one. It includes the file list if that was asked for of late;
   * with `survey`, it asks all mirrors for the date of theirs first and takes the newest.
   */
  async refresh(repository: Repository, { survey = false } = {}): Promise<SnapshotRefresh> {
    const state = this.#state(repository);
    while (true) {
      const current = await this.current(repository);
      if (state.refresh === null) return this.#begin(repository, state, current, survey);
      if (!survey || state.refresh.isSurvey) return state.refresh;
      await state.refresh.done.catch(() => {});
    }
  }

  #begin(
    repository: Repository,
    state: State,
    current: Snapshot | null,
    survey: boolean,
  ): SnapshotRefresh {
    const { layout, store, metrics, index, accessOf } = this.options;
    const access = accessOf(repository);
    const filesAskedAt = Math.max(state.filesAskedAt, current?.filesAskedAt ?? 0);
    let before: ReadonlyMap<string, Expectation> | null = null;
    const refresh = new SnapshotRefresh({
      repository,
      access,
      layout,
      store,
      current,
      files: Date.now() - filesAskedAt < FILES_INTEREST && !this.filesAreMissing(repository),
      filesAskedAt,
      survey,
      patience: this.#settings.patience,
      rollbackAgeMs: this.#settings.rollbackAgeMs,
      onBytes: (count) => metrics.bytesFetched(count),
      onNewDatabase: async (database) => {
        before ??= await this.packagesOf(repository) ?? new Map();
        // From here on, downloads are checked against the new database.
        state.index = { packages: Promise.resolve(database) };
        await removeReplaced(repository, database.packages, { layout, index, before });
      },
      signal: this.#controller.signal,
    });
    state.refresh = refresh;
    this.#follow(repository, state, refresh, access.pool, current);
    return refresh;
  }

  /** What the served database says of a file; null when it does not name it. */
  async expectationOf(repository: Repository, fileName: string): Promise<Expectation | null> {
    return (await this.packagesOf(repository))?.get(fileName) ?? null;
  }

  /** What the served database says of each of its files; null without a database. */
  async packagesOf(repository: Repository): Promise<ReadonlyMap<string, Expectation> | null> {
    return (await this.#indexOf(repository))?.packages ?? null;
  }

  /** The same, but null also when the last attempt to refresh the database failed. */
  async trustedPackagesOf(
    repository: Repository,
  ): Promise<ReadonlyMap<string, Expectation> | null> {
    const { failedAt, checkedAt } = this.#state(repository);
    return failedAt > checkedAt ? null : await this.packagesOf(repository);
  }

  /** The signature that the served database carries for a package file, or null. */
  async embeddedSignature(repository: Repository, fileName: string): Promise<Uint8Array | null> {
    if (!(await this.#indexOf(repository))?.signed.has(fileName)) return null;
    const snapshot = await this.current(repository);
    if (snapshot === null) return null;
    const path = this.pathOf(repository, snapshot.members.db.blob);
    return await findEmbeddedSignature(path, fileName);
  }

  /** Stops all refreshes and waits until they have. */
  async stop(): Promise<void> {
    this.#controller.abort(new PkgstashError("upstream", "The refresh was stopped"));
    const refreshes = [...this.#states.values()].map(({ refresh }) => refresh?.done);
    await Promise.allSettled(refreshes);
    await Promise.allSettled(this.#background);
  }

  async #indexOf(repository: Repository): Promise<PackageIndex | null> {
    const state = this.#state(repository);
    if (state.index === null) {
      const snapshot = await this.current(repository);
      if (snapshot === null) return null;
      const path = this.pathOf(repository, snapshot.members.db.blob);
      state.index ??= {
        packages: readPackageIndex(path).catch((error) => {
          log.error("cannot read the served database", { path, reason: reasonOf(error) });
          return null;
        }),
      };
    }
    return await state.index.packages;
  }

  async #follow(
    repository: Repository,
    state: State,
    refresh: SnapshotRefresh,
    pool: MirrorPool,
    before: Snapshot | null,
  ): Promise<void> {
    const { directory } = repository;
    try {
      const result = await refresh.done;
      state.refresh = null;
      state.checkedAt = performance.now();
      if (refresh.includesFiles && result.snapshot.members.files === undefined) {
        state.filesMissingUntil = performance.now() + this.#settings.missingAge;
      }
      if (result.index !== null) pool.leads(directory, result.mirrors);
      else for (const mirror of result.mirrors) pool.agrees(directory, mirror);
      logResult(directory, result);
      if (result.index !== null) this.options.onPublished(repository, before, result.snapshot);
      if (result.index !== null || !state.verified) this.#verify(repository, state);
    } catch (error) {
      state.refresh = null;
      state.failedAt = performance.now();
      // It may be ahead of what is served; the next who asks reads it from there.
      state.index = null;
      log.warn("refresh failed", { repository: directory, reason: reasonOf(error) });
    }
    for (const mirror of refresh.lagging) pool.lags(directory, mirror);
    this.#inBackground(
      "old snapshots not removed",
      this.options.store.prune(repository, (blob) => state.refresh?.owns(blob) ?? false),
    );
  }

  /** Looks into the cached packages that nobody has looked into. */
  #verify(repository: Repository, state: State): void {
    const { layout, index } = this.options;
    const verify = async () => {
      await this.options.indexed();
      // Without any of its files there is nothing to read the database for.
      if (index.files(repository.directory).length === 0) return;
      if (await this.current(repository) === null) return;
      state.verified = true;
      const { signal } = this.#controller;
      await verifyUnrecorded(repository, this, { layout, index, signal });
    };
    this.#inBackground("cached packages not verified", verify());
  }

  #inBackground(failure: string, work: Promise<void>): void {
    const done: Promise<void> = work
      .catch((error) => log.error(failure, { reason: reasonOf(error) }))
      .finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  #state(repository: Repository): State {
    let state = this.#states.get(repository.directory);
    if (state === undefined) {
      state = {
        refresh: null,
        checkedAt: -Infinity,
        failedAt: -Infinity,
        filesAskedAt: 0,
        filesMissingUntil: -Infinity,
        index: null,
        verified: false,
      };
      this.#states.set(repository.directory, state);
    }
    return state;
  }
}

function logResult(directory: string, { changed, snapshot, mirrors }: RefreshResult): void {
  log.info(changed ? "snapshot published" : "snapshot is current", {
    repository: directory,
    mirrors: mirrors.map(({ name }) => name),
    generation: snapshot.generation,
    last_modified: snapshot.members.db.lastModified,
  });
}
