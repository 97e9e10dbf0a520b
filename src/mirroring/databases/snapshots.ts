import { BackgroundWork } from "../../async/background_work.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Repository } from "../../repositories/repository.ts";
import { removeReplaced } from "../cache/replaced_packages.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { Expectation, PackageIndex } from "../../repositories/package_index.ts";
import { isNotFound, NoMirrorError } from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { MirrorPool } from "../mirrors/mirror_pool.ts";
import type { Traffic } from "../../repositories/traffic.ts";
import { isNews } from "../../platform/observability/news.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { DiskSpace } from "./copy_file.ts";
import { knownFrom, mirrorSetOf, newState, type RepositoryState } from "./repository_state.ts";
import { PackageVerification } from "./package_verification.ts";
import { ServedIndex } from "./served_index.ts";
import { type RefreshResult, SnapshotRefresh } from "./snapshot_refresh.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";

const log = eventLogger("snapshot");

/** A file list that no client has requested in this time is no longer copied. */
const FILE_LIST_INTEREST_MS = 30 * 24 * 3_600_000;
/** A survey compares the bytes of a database after this time, whatever the headers say. */
const MAX_UNCOMPARED_MS = 24 * 3_600_000;
/**
 * After a failure, clients get the cached database for this long before a mirror is asked again.
 */
const REST_AFTER_FAILURE_MS = 15_000;

export interface SnapshotsOptions {
  layout: CacheLayout;
  store: SnapshotStore;
  traffic: Traffic;
  index: CacheIndex;
  /** Resolves once the index has been compared with the disk after startup. */
  indexed: () => Promise<void>;
  upstreams: Pick<Upstreams, "get">;
  room: DiskSpace;
  /** Called when a new database is served, with the previous one. */
  onPublished: (repository: Repository, before: Snapshot | null, after: Snapshot) => void;
  settings: SnapshotSettings;
}

/** What a reload of the configuration may change. */
export interface SnapshotSettings {
  /** How long a snapshot is served without asking a mirror. */
  databaseMaxAgeMs: number;
  /** Time for a mirror to respond before the next one is asked as well. */
  raceTimeoutMs: number;
  /** Time in which a client must get its first byte. */
  answerTimeoutMs: number;
  /** How long a file list that the mirrors lack is remembered as missing. */
  missingAgeMs: number;
  /** How long most mirrors must have had older databases before one of them is accepted. */
  rollbackAgeMs: number;
  /** How long a repository must be missing on all mirrors before clients are told so. */
  vanishedAgeMs: number;
}

/** The snapshots of all repositories: serves them, refreshes them, and knows their content. */
export class Snapshots {
  readonly #states = new Map<string, RepositoryState>();
  readonly #controller = new AbortController();
  readonly #background = new BackgroundWork((failure, error) =>
    log.error(failure, { reason: reasonOf(error) })
  );
  readonly #options: SnapshotsOptions;
  readonly #verification: PackageVerification;
  #settings: SnapshotSettings;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { signal } = this.#controller;
    this.#verification = new PackageVerification({ ...options, served: this, signal });
  }

  /**
   * Applies new settings to every further request and refresh. A database is in doubt if its
   * mirrors have changed.
   */
  reconfigure(settings: SnapshotSettings): void {
    this.#settings = settings;
    for (const state of this.#states.values()) {
      const mirrorSet = this.#mirrorSetOf(state.repository);
      if (mirrorSet === null || state.mirrorSet === null || mirrorSet === state.mirrorSet) continue;
      state.mirrorSet = mirrorSet;
      state.failedAt = -Infinity;
      state.doubts.raise();
    }
  }

  /** The served snapshot, or null. */
  current(repository: Repository): Promise<Snapshot | null> {
    return this.#options.store.current(repository);
  }

  /** Like `current`, but synchronous: also null until it has been read. */
  knownCurrent(repository: Repository): Snapshot | null {
    return this.#options.store.knownCurrent(repository);
  }

  /** Path of a member on disk. */
  pathOf(repository: Repository, blob: string): string {
    return this.#options.store.pathOf(repository, blob);
  }

  /** Verifies, in the background, cached packages that changed while the daemon was not running. */
  verifyCached(repositories: Iterable<Repository>): void {
    for (const repository of repositories) this.#verify(repository);
  }

  /**
   * Forgets a snapshot whose files are missing or damaged; false if another one is served by now.
   */
  async forgetLost(repository: Repository, snapshot: Snapshot): Promise<boolean> {
    if ((await this.current(repository))?.generation !== snapshot.generation) return false;
    log.warn("files of the served snapshot are missing or damaged", {
      repository: repository.directory,
    });
    this.#options.store.forget(repository.directory);
    const state = this.#state(repository);
    state.served.forget();
    state.checkedAt = -Infinity;
    state.known = null;
    return true;
  }

  /**
   * Records evidence that the served database is outdated: the next request for it asks the
   * mirrors. The same evidence is then ignored for a while, as defined in `Doubts`.
   */
  doubt(repository: Repository, evidence: string): void {
    if (!this.#state(repository).doubts.add(evidence)) return;
    log.info("served database may be outdated", { repository: repository.directory, evidence });
  }

  /** Starts asking the mirrors for a newer database if that is due, without waiting. */
  checkBehind(repository: Repository): void {
    if (!this.isDue(repository)) return;
    this.#background.add(
      "cannot check the database",
      this.refresh(repository).then(({ done }) => done.then(() => {}, () => {})),
    );
  }

  /** Grows with each published database, and with each refresh that asked all mirrors. */
  epochOf(repository: Repository): number {
    return this.#state(repository).epoch;
  }

  /**
   * Whether a mirror confirmed the served snapshot within `databaseMaxAgeMs`, and it is not in
   * doubt.
   */
  isFresh(repository: Repository): boolean {
    const { checkedAt, doubts } = this.#state(repository);
    return !doubts.isOpen && performance.now() - checkedAt < this.#settings.databaseMaxAgeMs;
  }

  /** Whether a mirror should be asked before the snapshot is served. */
  isDue(repository: Repository): boolean {
    const { failedAt } = this.#state(repository);
    const rest = Math.min(REST_AFTER_FAILURE_MS, this.#settings.databaseMaxAgeMs);
    return !this.isFresh(repository) && performance.now() - failedAt >= rest;
  }

  /** Since when no mirror has had the repository, if clients are to be told; otherwise null. */
  async vanishedSince(repository: Repository): Promise<Date | null> {
    const since = (await this.current(repository))?.goneSince ?? null;
    if (since === null || Date.now() - since < this.#settings.vanishedAgeMs) return null;
    return new Date(since);
  }

  /**
   * How many milliseconds ago a mirror last confirmed the served snapshot, null if none has since
   * startup; and whether the last refresh failed.
   */
  standingOf(repository: Repository): { checkedBefore: number | null; failed: boolean } {
    const { checkedAt, failedAt } = this.#state(repository);
    return {
      checkedBefore: checkedAt === -Infinity ? null : performance.now() - checkedAt,
      failed: failedAt > checkedAt,
    };
  }

  /** The running refresh, or null. */
  runningRefresh(repository: Repository): SnapshotRefresh | null {
    return this.#state(repository).refresh;
  }

  /** Records that a client wants the file list, so that refreshes copy it. */
  recordFilesRequest(repository: Repository): void {
    this.#state(repository).filesAskedAt = Date.now();
  }

  /** Records that a client got a database without a date, which it dates by its own clock. */
  recordUndated(repository: Repository): void {
    this.#state(repository).undatedAt = Date.now();
  }

  /** Whether the mirrors had no file list when asked recently. */
  isFileListMissing(repository: Repository): boolean {
    return performance.now() < this.#state(repository).fileListMissingUntil;
  }

  /**
   * The running refresh, or a new one. It copies the file list if clients have requested it. With
   * `survey`, it first asks all mirrors for the date of their database, takes the newest, and
   * replaces a served database damaged by the disk; with `isThorough`, it compares the bytes even
   * where nothing seems to have changed.
   */
  async refresh(
    repository: Repository,
    { survey = false, isThorough = false } = {},
  ): Promise<SnapshotRefresh> {
    const state = this.#state(repository);
    if (survey) await this.#forgetDamaged(repository);
    while (true) {
      const current = await this.current(repository);
      if (state.refresh === null) {
        return this.#begin(state, { current, survey, isThorough });
      }
      if (!survey || state.refresh.isFull) return state.refresh;
      await state.refresh.done.catch(() => {});
    }
  }

  async #forgetDamaged(repository: Repository): Promise<void> {
    const current = await this.current(repository);
    if (current === null || await this.#options.store.isIntact(repository, current)) return;
    await this.forgetLost(repository, current);
  }

  #begin(
    state: RepositoryState,
    { current, survey, isThorough }: {
      current: Snapshot | null;
      survey: boolean;
      isThorough: boolean;
    },
  ): SnapshotRefresh {
    const { repository, doubts } = state;
    const { layout, store, traffic, index, upstreams, room } = this.#options;
    const { raceTimeoutMs, answerTimeoutMs, rollbackAgeMs } = this.#settings;
    const upstream = upstreams.get(repository.upstream);
    const filesAskedAt = Math.max(state.filesAskedAt, current?.filesAskedAt ?? 0);
    const mirrorSet = mirrorSetOf(upstream);
    const hasOtherMirrors = current !== null && current.mirrorSet !== null &&
      current.mirrorSet !== mirrorSet;
    const isDoubted = current !== null && doubts.isOpen;
    const known = state.known ??= knownFrom(current);
    const comparedBefore = current === null ? 0 : Date.now() - known.receivedAt(current.sha256);
    let before: ReadonlyMap<string, Expectation> | null = null;
    const refresh = new SnapshotRefresh({
      repository,
      upstream,
      store,
      current,
      servedIndex: () => this.indexOf(repository),
      known,
      refused: state.refused,
      mirrorSet,
      hasOtherMirrors,
      includesFiles: Date.now() - filesAskedAt < FILE_LIST_INTEREST_MS &&
        !this.isFileListMissing(repository),
      filesAskedAt,
      undatedAt: () => state.undatedAt,
      // One mirror that agrees proves little against evidence to the contrary.
      isSurvey: survey || isDoubted || hasOtherMirrors || (current?.rollback ?? null) !== null,
      isFull: survey,
      isThorough: isThorough || isDoubted || survey && comparedBefore > MAX_UNCOMPARED_MS,
      raceTimeoutMs,
      answerTimeoutMs,
      rollbackAgeMs,
      room,
      onBytes: (count) => traffic.addBytesFetched(count, repository.directory),
      onNewDatabase: async (database) => {
        before ??= await this.packagesOf(repository) ?? new Map();
        // From here on, downloads are checked against the new database.
        state.served.announce(database);
        await removeReplaced(repository, database.packages, { layout, index, before });
      },
      signal: this.#controller.signal,
    });
    state.refresh = refresh;
    state.mirrorSet = mirrorSet;
    this.#follow(state, {
      refresh,
      pool: upstream.pool,
      before: current,
      isAskedFor: survey,
      raised: doubts.raised,
    });
    return refresh;
  }

  /** What the served database says about a file; null if it does not list it. */
  async expectationOf(repository: Repository, fileName: string): Promise<Expectation | null> {
    return (await this.packagesOf(repository))?.get(fileName) ?? null;
  }

  /**
   * Like `expectationOf`, but synchronous: also null until the database has been read, which this
   * starts.
   */
  knownExpectationOf(repository: Repository, fileName: string): Expectation | null {
    const { served } = this.#state(repository);
    const { known } = served;
    if (known === null && served.isUnread) {
      this.#background.add("cannot read the served database", served.read().then(() => {}));
    }
    return known?.isReadable ? known.packages.get(fileName) ?? null : null;
  }

  /**
   * What the served database says about each of its files; null without a database that is
   * understood.
   */
  async packagesOf(repository: Repository): Promise<ReadonlyMap<string, Expectation> | null> {
    const index = await this.indexOf(repository);
    return index?.isReadable ? index.packages : null;
  }

  /** Like `packagesOf`, but also null if the last refresh failed. */
  async trustedPackagesOf(
    repository: Repository,
  ): Promise<ReadonlyMap<string, Expectation> | null> {
    const { failedAt, checkedAt } = this.#state(repository);
    return failedAt > checkedAt ? null : await this.packagesOf(repository);
  }

  /** The signature of a package file that is embedded in the served database, or null. */
  async embeddedSignatureOf(repository: Repository, fileName: string): Promise<Uint8Array | null> {
    return (await this.indexOf(repository))?.signatureOf(fileName) ?? null;
  }

  /** Like `embeddedSignatureOf`, but synchronous: also null until the database has been read. */
  knownEmbeddedSignatureOf(repository: Repository, fileName: string): Uint8Array | null {
    return this.#state(repository).served.known?.signatureOf(fileName) ?? null;
  }

  /** Stops all refreshes, and waits for them and for background work to end. */
  async stop(): Promise<void> {
    this.#controller.abort(
      new PkgstashError("upstream", "Cannot finish the refresh: it was stopped."),
    );
    const refreshes = [...this.#states.values()].map(({ refresh }) => refresh?.done);
    await Promise.allSettled(refreshes);
    await this.#background.settled();
  }

  /** The index of the served database, read at most once; null without a readable one. */
  indexOf(repository: Repository): Promise<PackageIndex | null> {
    return this.#state(repository).served.read();
  }

  async #follow(
    state: RepositoryState,
    { refresh, pool, before, isAskedFor, raised }: {
      refresh: SnapshotRefresh;
      pool: MirrorPool;
      before: Snapshot | null;
      /** Whether all mirrors were to be asked. */
      isAskedFor: boolean;
      /** How many doubts there were when the refresh began. */
      raised: number;
    },
  ): Promise<void> {
    const { repository, doubts } = state;
    const { directory } = repository;
    try {
      const result = await refresh.done;
      state.refresh = null;
      state.served.confirm();
      state.checkedAt = performance.now();
      state.isGoneLogged = false;
      doubts.settle(raised);
      if (result.index !== null || isAskedFor) state.epoch++;
      if (refresh.includesFiles && result.snapshot.members.files === undefined) {
        state.fileListMissingUntil = performance.now() + this.#settings.missingAgeMs;
      }
      if (result.index !== null) {
        pool.resetStandings(directory, result.mirrors);
        state.refused.clear();
        doubts.forget();
      } else for (const mirror of result.mirrors) pool.markCurrent(directory, mirror);
      logResult(directory, result);
      if (result.index !== null) this.#options.onPublished(repository, before, result.snapshot);
      if (result.index !== null || !this.#verification.isDone(repository)) {
        this.#verify(repository);
      }
    } catch (error) {
      state.refresh = null;
      state.failedAt = performance.now();
      state.served.retract();
      log[isNews(error) ? "warn" : "debug"]("refresh failed", {
        repository: directory,
        reason: reasonOf(error),
      });
      if (error instanceof NoMirrorError && isNotFound(error)) {
        this.#background.add("cannot record that a repository is gone", this.#recordGone(state));
      }
    }
    for (const mirror of refresh.lagging) pool.markLagging(directory, mirror);
    this.#background.add(
      "cannot remove old snapshots",
      this.#options.store.prune(repository, (blob) => state.refresh?.owns(blob) ?? false),
    );
  }

  /** Records that no mirror has a repository any more although its database is served. */
  async #recordGone(state: RepositoryState): Promise<void> {
    const { repository } = state;
    const { store } = this.#options;
    const snapshot = await this.current(repository);
    if (snapshot === null || state.refresh !== null) return;
    const goneSince = snapshot.goneSince ?? Date.now();
    if (snapshot.goneSince === null) await store.publish(repository, { ...snapshot, goneSince });
    if (state.isGoneLogged) return;
    state.isGoneLogged = true;
    log.warn("no mirror has the repository anymore", {
      repository: repository.directory,
      since: new Date(goneSince).toISOString(),
      refused_from: new Date(goneSince + this.#settings.vanishedAgeMs).toISOString(),
    });
  }

  #verify(repository: Repository): void {
    this.#background.add("cannot verify cached packages", this.#verification.run(repository));
  }

  #mirrorSetOf({ upstream }: Repository): string | null {
    try {
      return mirrorSetOf(this.#options.upstreams.get(upstream));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  #state(repository: Repository): RepositoryState {
    let state = this.#states.get(repository.directory);
    if (state === undefined) {
      state = newState(
        repository,
        new ServedIndex(async () => {
          const snapshot = await this.current(repository);
          return snapshot === null ? null : this.pathOf(repository, snapshot.members.db.blob);
        }),
      );
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
