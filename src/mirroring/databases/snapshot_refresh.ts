import { delay } from "@std/async/delay";
import { fileKey } from "../../repositories/repository.ts";
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

/** How often a mirror may be in the middle of an update, in one refresh. */
const MAX_CHANGES = 4;
/** Pause before such a mirror is asked again; the n-th pause is n times as long. */
const CHANGE_PAUSE_MS = 200;

export interface SnapshotRefreshOptions extends SnapshotDraftOptions {
  upstream: Upstream;
  layout: CacheLayout;
  /** Whether to copy the file list as well. */
  includesFiles: boolean;
  /** Whether to ask every mirror for the date of its database first, and take the newest. */
  isSurvey: boolean;
  /** Milliseconds without a byte after which an open transfer is given up. */
  patienceMs: number;
  /** How long all mirrors must agree on an older database before it is accepted. */
  rollbackAgeMs: number;
  onBytes: (count: number) => void;
  signal: AbortSignal;
}

/** One attempt to copy a snapshot from a mirror. */
interface Attempt {
  /** The mirror whose database was examined, or that said that it is unchanged. */
  mirror: Mirror | null;
  examined: Pick<FetchedDatabase, "index" | "companions"> | null;
}

/**
 * Brings a repository's snapshot up to date. Clients follow its two downloads while they run if
 * nothing is published yet. The last byte is held back until all members have been copied.
 */
export class SnapshotRefresh {
  readonly done: Promise<RefreshResult>;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt = performance.now();
  readonly #slots = { db: new TransferSlot(), files: new TransferSlot() };
  readonly #options: SnapshotRefreshOptions;
  /** By the survey: the mirrors that have the newest database, and those with an older one. */
  #newest: readonly Mirror[] = [];
  #lagging: readonly Mirror[] = [];
  #guard: StaleGuard;
  #changes = 0;
  #draft: SnapshotDraft;

  constructor(options: SnapshotRefreshOptions) {
    this.#options = options;
    this.#guard = new StaleGuard(options.current);
    this.#draft = new SnapshotDraft(options);
    this.done = this.#run().catch((error) => {
      throw this.#asPkgstashError(error);
    });
    const endSlots = () => Object.values(this.#slots).forEach((slot) => slot.end());
    this.done.then(endSlots, endSlots);
  }

  /** Whether the file list is copied as well. */
  get includesFiles(): boolean {
    return this.#options.includesFiles;
  }

  /** Whether all mirrors are asked for their dates first. */
  get isSurvey(): boolean {
    return this.#options.isSurvey;
  }

  /** The mirrors that turned out to have an older database. */
  get lagging(): Iterable<Mirror> {
    return [...this.#lagging, ...this.#guard.lagging];
  }

  /** Whether a file in the snapshot directory belongs to the snapshot in the making. */
  owns(blob: string): boolean {
    return this.#draft.owns(blob);
  }

  /** The download of a member once it has begun; null if there is none. */
  transferOf(member: "db" | "files"): Promise<Download | null> {
    return this.#slots[member].transfer;
  }

  async #run(): Promise<RefreshResult> {
    const { current, isSurvey, signal } = this.#options;
    signal.throwIfAborted();
    const surveyed = isSurvey ? await this.#survey() : {};
    if ("snapshot" in surveyed) return surveyed;
    try {
      return await this.#fetchPreferring(surveyed.only);
    } catch (error) {
      signal.throwIfAborted();
      const result = current === null ? null : await this.#judgeOlder(current);
      if (result === null) throw error;
      return result;
    }
  }

  /** Fetches from `newest`, the mirrors with the newest database, or else from the others. */
  async #fetchPreferring(newest: readonly Mirror[] | undefined): Promise<RefreshResult> {
    try {
      return await this.#fetch(newest);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const others = this.#inOrder().filter((mirror) => !newest?.includes(mirror));
      if (newest === undefined || others.length === 0 || !isFault(error)) throw error;
      return await this.#fetch(others).catch(() => Promise.reject(error));
    }
  }

  /** Asks all mirrors for the date of their database. Returns a result if nothing has to be fetched. */
  async #survey(): Promise<{ only?: Mirror[] } | RefreshResult> {
    const { upstream, current, repository, signal } = this.#options;
    const { newest, lagging, lastModified } = await surveyMirrors(upstream, repository, signal);
    this.#newest = newest;
    this.#lagging = lagging;
    if (lastModified === null) return {};
    const served = timeOf(current?.members.db.lastModified);
    if (current === null || served === null || lastModified > served) return { only: newest };
    if (lastModified === served) {
      return this.#isComplete ? await this.#draft.complete(current, newest, {}) : { only: newest };
    }
    for (const mirror of newest) this.#guard.addLagging(mirror, lastModified);
    return await this.#judgeOlder(current) ?? {};
  }

  /** Judges an older database that every responding mirror offers; null if there is none to judge. */
  async #judgeOlder(current: Snapshot): Promise<RefreshResult | null> {
    const { isSurvey, repository, rollbackAgeMs, store } = this.#options;
    const offered = this.#guard.agreedUpon;
    if (offered === null) return null;
    const now = Date.now();
    const { accepted, record } = judgeRollback(current.rollback, { offered, now, rollbackAgeMs });
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
      accepted_from: new Date(record.since + rollbackAgeMs).toISOString(),
    });
    const snapshot = { ...current, rollback: record };
    if (record !== current.rollback) await store.publish(repository, snapshot);
    return isSurvey ? { changed: false, snapshot, mirrors: [], index: null } : null;
  }

  /** Asks one mirror after another until one has a complete snapshot. */
  async #fetch(candidates: readonly Mirror[] | undefined): Promise<RefreshResult> {
    const { signal } = this.#options;
    const refused = new Set<Mirror>();
    let only = candidates;
    while (true) {
      const attempt: Attempt = { mirror: null, examined: null };
      try {
        return await this.#copySnapshot(only, attempt);
      } catch (error) {
        signal.throwIfAborted();
        this.#startOver();
        const { mirror } = attempt;
        if (mirror === null || !isFault(error)) throw error;
        if (!isChange(error) || this.#guard.lagging.includes(mirror)) refused.add(mirror);
        else if (this.#changes++ === MAX_CHANGES) throw error;
        else await delay(this.#changes * CHANGE_PAUSE_MS, { signal });
        only = (candidates ?? this.#inOrder()).filter((one) => !refused.has(one));
        if (only.length === 0) throw error;
        log.info("copying a snapshot failed, trying again", {
          repository: this.#options.repository.directory,
          mirror: mirror.name,
          reason: reasonOf(error),
        });
      }
    }
  }

  /** Drops everything of an attempt that failed. */
  #startOver(): void {
    this.#draft = new SnapshotDraft(this.#options);
    for (const slot of Object.values(this.#slots)) slot.reset();
  }

  /** Copies database and companions from one mirror, and publishes them. */
  async #copySnapshot(
    only: readonly Mirror[] | undefined,
    attempt: Attempt,
  ): Promise<RefreshResult> {
    const { current } = this.#options;
    const guard = this.#guard;
    const since = guard.isOff ? null : current?.members.db.lastModified ?? null;
    const download = this.#download("db", {
      ifModifiedSince: since,
      ...(only === undefined ? {} : { only }),
      vet: (mirror, headers) => guard.checkDate(mirror, headers.get("last-modified")),
      examine: async (path, mirror, { lastModified, etag }) => {
        attempt.mirror = mirror;
        guard.checkDate(mirror, lastModified);
        const index = await readPackageIndex(path);
        guard.checkBuilds(mirror, lastModified, index);
        const companions = await this.#companions(mirror, { path, lastModified, etag });
        attempt.examined = { index, companions };
      },
    });
    const outcome = await this.#outcomeOf(download);
    if (outcome.result === "unchanged" && current !== null) {
      attempt.mirror = outcome.mirror;
      return await this.#keep(current, outcome.mirror);
    }
    if (outcome.result === "fetched" && attempt.examined !== null) {
      return await this.#publish({
        mirror: outcome.mirror,
        sha256: outcome.sha256,
        lastModified: outcome.identity.lastModified,
        ...attempt.examined,
      });
    }
    const reason = outcome.result === "present" ? "the file exists already" : "it was not examined";
    throw new PkgstashError("storage", `Cannot publish ${download.request.finalPath}: ${reason}.`);
  }

  /** Keeps the database that `mirror` says is unchanged. */
  async #keep(current: Snapshot, mirror: Mirror): Promise<RefreshResult> {
    if (this.#isComplete) return await this.#draft.complete(current, [mirror], {});
    const { repository, store } = this.#options;
    const { blob, lastModified } = current.members.db;
    const database = { path: store.pathOf(repository, blob), lastModified, etag: null };
    const companions = await this.#companions(mirror, database);
    return await this.#draft.complete(current, [mirror], companions);
  }

  /** Publishes a fetched database, unless it is undated and its content is the served one. */
  async #publish(database: FetchedDatabase): Promise<RefreshResult> {
    const { current } = this.#options;
    const { companions, lastModified, mirror, sha256 } = database;
    if (lastModified !== null || current?.sha256 !== sha256) {
      const result = await this.#draft.publish(database);
      return this.#newest.includes(mirror) ? { ...result, mirrors: this.#newest } : result;
    }
    return await this.#draft.complete(current, [mirror], this.#isComplete ? {} : companions);
  }

  async #companions(mirror: Mirror, database: CopiedDatabase): Promise<Companions> {
    const { upstream, current, includesFiles, repository, signal, store } = this.#options;
    const companions = await copyCompanions({
      upstream,
      repository,
      store,
      signal,
      mirror,
      database,
      blob: (member) => this.#draft.blob(member),
      fetchFiles: includesFiles ? () => this.#fetchFiles(mirror) : null,
    });
    const isLost = current?.members["db.sig"] !== undefined && !("db.sig" in companions);
    // The signature is probably late, and not gone for good.
    if (isLost && this.#changes < MAX_CHANGES) {
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
    // The download of the database reports a failure of this one.
    this.#outcomeOf(download).catch(() => {});
    return download;
  }

  #download(
    member: "db" | "files",
    more: Pick<DownloadRequest, "ifModifiedSince" | "only" | "vet" | "examine">,
  ): Download {
    const { upstream, layout, repository, store, patienceMs, onBytes } = this.#options;
    const fileName = `${repository.name}.${member}`;
    const download = new Download(upstream, {
      repository,
      fileName,
      kind: "database",
      patienceMs,
      partBase: layout.partOf(fileKey(repository.directory, fileName)),
      finalPath: store.pathOf(repository, this.#draft.blob(member)),
      expectations: null,
      onBytes,
      ...more,
    });
    this.#slots[member].begin(download);
    return download;
  }

  /** Waits for the end of a download, and aborts it when the refresh is stopped. */
  async #outcomeOf(download: Download) {
    const { signal } = this.#options;
    const abort = () => download.abort();
    signal.addEventListener("abort", abort);
    try {
      return await download.done;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #asPkgstashError(error: unknown): PkgstashError {
    if (error instanceof PkgstashError) return error;
    return new PkgstashError(
      "storage",
      `Cannot store the database of ${this.#options.repository.directory}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }

  /** All mirrors, in the order in which to ask them. */
  #inOrder(): Mirror[] {
    const { ready, resting } = this.#options.upstream.pool.candidates(null);
    return [...ready, ...resting];
  }

  /** Whether the served snapshot has every member that is wanted. */
  get #isComplete(): boolean {
    return !this.#options.includesFiles || this.#options.current?.members.files !== undefined;
  }
}

/** Whether the error is a mirror's fault, so that another mirror may help. */
function isFault(error: unknown): boolean {
  return error instanceof PkgstashError && error.kind !== "storage";
}

/** Whether a mirror seems to be in the middle of an update. */
function isChange(error: unknown): boolean {
  return error instanceof MirrorRefusal && error.reason === "different";
}
