import type { CacheLayout } from "../cache/cache_layout.ts";
import { Download, type DownloadRequest } from "../downloads/download.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal } from "../mirrors/mirror_response.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import {
  changedMeanwhile,
  type Companions,
  type CopiedDatabase,
  copyCompanions,
} from "./companions.ts";
import { checkArchive, readPackageIndex } from "../../repositories/package_index.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import {
  type FetchedDatabase,
  type RefreshResult,
  SnapshotDraft,
  type SnapshotDraftOptions,
} from "./snapshot_draft.ts";
import { judgeRollback, StaleGuard, timeOf } from "./stale_guard.ts";
import { surveyMirrors } from "./survey.ts";
import { TransferSlot } from "./transfer_slot.ts";

const log = eventLogger("snapshot");

/** How often a mirror may turn out to be in the middle of an update, in one refresh. */
const MOST_CHANGES = 4;
/** Milliseconds before the second look at such a mirror; the third waits twice as long. */
const PAUSE = 200;

export interface SnapshotRefreshOptions extends SnapshotDraftOptions {
  access: Upstream;
  layout: CacheLayout;
  /** Whether the file list is to be part of the set. */
  files: boolean;
  /** Ask every mirror how new its database is first, and take the newest. */
  survey: boolean;
  /** Milliseconds of silence after which a begun transfer is given up. */
  patience: number;
  /** Milliseconds for which all mirrors must agree on an older database. */
  rollbackAgeMs: number;
  onBytes: (count: number) => void;
  signal: AbortSignal;
}

/**
 * One attempt to bring a repository's snapshot up to date. Its two downloads may be followed while
 * they run by clients for whom there is nothing else to send: their last byte is let go only when
 * all members are there.
 */
export class SnapshotRefresh {
  readonly done: Promise<RefreshResult>;
  /** Monotonic milliseconds. */
  readonly startedAt = performance.now();
  readonly #slots = { db: new TransferSlot(), files: new TransferSlot() };
  /** The mirrors that said in a survey that theirs is the newest, and those with an older one. */
  #newest: readonly Mirror[] = [];
  #lagging: readonly Mirror[] = [];
  #guard: StaleGuard;
  #changes = 0;
  #draft: SnapshotDraft;

  constructor(private readonly options: SnapshotRefreshOptions) {
    this.#guard = new StaleGuard(options.current);
    this.#draft = new SnapshotDraft(options);
    this.done = this.#run().catch((error) => {
      throw this.#explained(error);
    });
    const end = () => Object.values(this.#slots).forEach((slot) => slot.end());
    this.done.then(end, end);
  }

  /** Whether this copies the file list as well. */
  get includesFiles(): boolean {
    return this.options.files;
  }

  /** Whether this asks all mirrors. */
  get isSurvey(): boolean {
    return this.options.survey;
  }

  /** The mirrors that turned out to have an older database than they should. */
  get lagging(): Iterable<Mirror> {
    return [...this.#lagging, ...this.#guard.lagging];
  }

  /** Whether a file in the snapshot directory belongs to the set in the making. */
  owns(blob: string): boolean {
    return this.#draft.owns(blob);
  }

  /** The transfer of a member, once it has begun; null if there is none. */
  transferOf(member: "db" | "files"): Promise<Download | null> {
    return this.#slots[member].transfer;
  }

  async #run(): Promise<RefreshResult> {
    const { current, survey, signal } = this.options;
    signal.throwIfAborted();
    const course = survey ? await this.#survey() : {};
    if ("snapshot" in course) return course;
    try {
      return await this.#fetchOrElse(course.only);
    } catch (error) {
      signal.throwIfAborted();
      const result = current === null ? null : await this.#older(current);
      if (result === null) throw error;
      return result;
    }
  }

  /** Fetches from `newest` if given, and from the others if that comes to nothing. */
  async #fetchOrElse(newest: readonly Mirror[] | undefined): Promise<RefreshResult> {
    try {
      return await this.#fetch(newest);
    } catch (error) {
      this.options.signal.throwIfAborted();
      const others = this.#inOrder().filter((mirror) => !newest?.includes(mirror));
      if (newest === undefined || others.length === 0 || !isFault(error)) throw error;
      return await this.#fetch(others).catch(() => Promise.reject(error));
    }
  }

  /** Asks all mirrors for the date of their database; the result if that was all there was to do. */
  async #survey(): Promise<{ only?: Mirror[] } | RefreshResult> {
    const { access, current, repository, signal } = this.options;
    const { newest, lagging, lastModified } = await surveyMirrors(access, repository, signal);
    this.#newest = newest;
    this.#lagging = lagging;
    if (lastModified === null) return {};
    const served = timeOf(current?.members.db.lastModified);
    if (current === null || served === null || lastModified > served) return { only: newest };
    if (lastModified === served) {
      return this.#isComplete ? await this.#draft.complete(current, newest, {}) : { only: newest };
    }
    for (const mirror of newest) this.#guard.note(mirror, lastModified);
    return await this.#older(current) ?? {};
  }

  /** What comes of it when everyone who answered has an older database than the served one. */
  async #older(current: Snapshot): Promise<RefreshResult | null> {
    const { repository, rollbackAgeMs, store, survey } = this.options;
    const offered = this.#guard.agreedUpon;
    if (offered === null) return null;
    const { accepted, record } = judgeRollback(
      current.rollback,
      offered,
      Date.now(),
      rollbackAgeMs,
    );
    const details = {
      repository: repository.directory,
      served: current.members.db.lastModified,
      offered: new Date(offered).toUTCString(),
    };
    if (accepted) {
      log.warn("repository was rolled back", details);
      const mirrors = this.#guard.lagging;
      this.#guard = new StaleGuard(null);
      return await this.#fetch(mirrors);
    }
    log.warn("every mirror has an older database than the served one", {
      ...details,
      believed_from: new Date(record.since + rollbackAgeMs).toISOString(),
    });
    const snapshot = { ...current, rollback: record };
    if (record !== current.rollback) await store.publish(repository, snapshot);
    return survey ? { changed: false, snapshot, mirrors: [], index: null } : null;
  }

  /** Takes the database from one mirror after the other until one has a whole set. */
  async #fetch(candidates: readonly Mirror[] | undefined): Promise<RefreshResult> {
    const refused = new Set<Mirror>();
    let only = candidates;
    while (true) {
      const examined: { mirror: Mirror | null } = { mirror: null };
      try {
        return await this.#attempt(only, examined);
      } catch (error) {
        this.options.signal.throwIfAborted();
        this.#startOver();
        const { mirror } = examined;
        if (mirror === null || !isFault(error)) throw error;
        if (!isChange(error) || this.#guard.lagging.includes(mirror)) refused.add(mirror);
        else if (this.#changes++ === MOST_CHANGES) throw error;
        else await this.#pause(this.#changes * PAUSE);
        only = (candidates ?? this.#inOrder()).filter((one) => !refused.has(one));
        if (only.length === 0) throw error;
        log.info("another attempt", {
          repository: this.options.repository.directory,
          mirror: mirror.name,
          reason: reasonOf(error),
        });
      }
    }
  }

  /** Nothing of an attempt that failed is used for the next. */
  #startOver(): void {
    this.#draft = new SnapshotDraft(this.options);
    for (const slot of Object.values(this.#slots)) slot.reset();
  }

  async #attempt(
    only: readonly Mirror[] | undefined,
    examined: { mirror: Mirror | null },
  ): Promise<RefreshResult> {
    const { current } = this.options;
    const guard = this.#guard;
    const found: { besides: Pick<FetchedDatabase, "index" | "companions"> | null } = {
      besides: null,
    };
    const since = guard.isOff ? null : current?.members.db.lastModified ?? null;
    const download = this.#download("db", {
      ifModifiedSince: since,
      ...(only === undefined ? {} : { only }),
      vet: (mirror, headers) => guard.checkDate(mirror, headers.get("last-modified")),
      examine: async (path, mirror, { lastModified, etag }) => {
        examined.mirror = mirror;
        guard.checkDate(mirror, lastModified);
        const index = await readPackageIndex(path);
        guard.checkBuilds(mirror, lastModified, index);
        const database = { path, lastModified, etag };
        found.besides = { index, companions: await this.#companions(mirror, database) };
      },
    });
    const outcome = await this.#whole(download);
    switch (outcome.result) {
      case "present":
        throw new PkgstashError("storage", `${download.request.finalPath} is there already`);
      case "unchanged":
        examined.mirror = outcome.mirror;
        return await this.#unchanged(current!, outcome.mirror);
      case "fetched":
        return await this.#fetched({
          mirror: outcome.mirror,
          sha256: outcome.sha256,
          lastModified: outcome.identity.lastModified,
          ...found.besides!,
        });
    }
  }

  /** A mirror says that the served database is still what it has. */
  async #unchanged(current: Snapshot, mirror: Mirror): Promise<RefreshResult> {
    if (this.#isComplete) return await this.#draft.complete(current, [mirror], {});
    const { repository, store } = this.options;
    const { blob, lastModified } = current.members.db;
    const database = { path: store.pathOf(repository, blob), lastModified, etag: null };
    const companions = await this.#companions(mirror, database);
    return await this.#draft.complete(current, [mirror], companions);
  }

  /** There is a database that may be a new one. */
  async #fetched(database: FetchedDatabase): Promise<RefreshResult> {
    const { current } = this.options;
    const { companions, lastModified, mirror, sha256 } = database;
    if (lastModified !== null || current?.sha256 !== sha256) {
      const result = await this.#draft.publish(database);
      return this.#newest.includes(mirror) ? { ...result, mirrors: this.#newest } : result;
    }
    return await this.#draft.complete(current, [mirror], this.#isComplete ? {} : companions);
  }

  async #companions(mirror: Mirror, database: CopiedDatabase): Promise<Companions> {
    const { current, files, repository } = this.options;
    const companions = await copyCompanions(this.options, mirror, database, {
      blob: (member) => this.#draft.blob(member),
      fetchFiles: files ? () => this.#fetchFiles(mirror) : null,
    });
    const lost = current?.members["db.sig"] !== undefined && !("db.sig" in companions);
    // More likely it is not there yet than never again.
    if (lost && this.#changes < MOST_CHANGES) {
      throw changedMeanwhile(mirror, `${repository.name}.db.sig`);
    }
    return companions;
  }

  #fetchFiles(mirror: Mirror): Download {
    const download = this.#download("files", {
      ifModifiedSince: null,
      only: [mirror],
      examine: (path) => checkArchive(path),
    });
    // Whoever awaits the database's transfer hears of a failure of this one.
    this.#whole(download).catch(() => {});
    return download;
  }

  #download(
    member: "db" | "files",
    more: Pick<DownloadRequest, "ifModifiedSince" | "only" | "vet" | "examine">,
  ): Download {
    const { access, layout, repository, store, patience, onBytes } = this.options;
    const fileName = `${repository.name}.${member}`;
    const download = new Download(access, {
      repository,
      fileName,
      kind: "database",
      patienceMs: patience,
      partBase: layout.partOf(`${repository.directory}/${fileName}`),
      finalPath: store.pathOf(repository, this.#draft.blob(member)),
      expectations: null,
      onBytes,
      ...more,
    });
    this.#slots[member].begin(download);
    return download;
  }

  /** The end of a transfer, which comes at once when all is to stop. */
  async #whole(download: Download) {
    const { signal } = this.options;
    const abort = () => download.abort();
    signal.addEventListener("abort", abort);
    try {
      return await download.done;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    signal.throwIfAborted();
  }

  #explained(error: unknown): PkgstashError {
    if (error instanceof PkgstashError) return error;
    return new PkgstashError(
      "storage",
      `Cannot store the database of ${this.options.repository.directory}: ${reasonOf(error)}`,
      { cause: error },
    );
  }

  #inOrder(): Mirror[] {
    const { ready, resting } = this.options.access.pool.candidates(null);
    return [...ready, ...resting];
  }

  get #isComplete(): boolean {
    return !this.options.files || this.options.current?.members.files !== undefined;
  }
}

/** Whether it is a mirror's fault, and another may do better. */
function isFault(error: unknown): boolean {
  return error instanceof PkgstashError && error.kind !== "storage";
}

/** Whether a mirror seems to be in the middle of an update. */
function isChange(error: unknown): boolean {
  return error instanceof MirrorRefusal && error.reason === "different";
}
