import { delay } from "@std/async/delay";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { PackageIndex } from "../../repositories/package_index.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { isMissing, NoMirrorError } from "../mirrors/race.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { dateOf } from "../../repositories/database_date.ts";
import { candidatesAfter } from "./candidates.ts";
import type { DiskSpace } from "./copy_file.ts";
import type { CopiedSet } from "./copy_set.ts";
import { Examination, type Finding } from "./examination.ts";
import { Findings, isChange } from "./findings.ts";
import { inTurn } from "./in_turn.ts";
import { keepServed } from "./keep_served.ts";
import { type KnownContents, mirrorKey } from "./known_contents.ts";
import { type PublicationOptions, publishKept, publishSet } from "./publication.ts";
import { judgeRollback, mostCommon } from "./rollback.ts";
import { bestOf, isComplete } from "./set_choice.ts";
import { type Candidate, surveyMirrors } from "./survey.ts";

const log = eventLogger("snapshot");

/** How often, in one refresh, a mirror may be in the middle of an update. */
const MAX_CHANGES = 4;
/** Pause before mirrors are asked again; the n-th pause is n times as long. */
const CHANGE_PAUSE_MS = 200;
/** The share of the answer timeout in which a copy should finish. */
const BUDGET_SHARE = 1 / 2;
/** The share of the answer timeout in which mirrors being updated are asked again. */
const UPDATE_SHARE = 1 / 2;
/** A refresh that takes longer than this is abandoned, however steadily bytes arrive. */
const MAX_REFRESH_MS = 15 * 60_000;

export interface SnapshotRefreshOptions extends PublicationOptions {
  upstream: Upstream;
  /** What the served database says; null without a readable one. */
  servedIndex: () => Promise<PackageIndex | null>;
  /** What mirrors had. */
  known: KnownContents;
  /** SHA-256 of contents found to be older than the served one. */
  refused: Set<string>;
  /** Whether to copy the file list as well. */
  includesFiles: boolean;
  /** Whether to ask every mirror to describe its database first. */
  isSurvey: boolean;
  /**
   * Whether no client is waiting: it then succeeds if the mirrors have nothing that may be served.
   */
  isFull: boolean;
  /** Whether to compare the content even if the headers match the served one. */
  isThorough: boolean;
  /** Whether other mirrors were configured when the served database was last confirmed. */
  hasOtherMirrors: boolean;
  /** Time for a mirror to respond before the next one is asked as well. */
  raceTimeoutMs: number;
  /** Time in which a client must get its first byte. */
  answerTimeoutMs: number;
  /** How long most mirrors must have had older databases before one of these is accepted. */
  rollbackAgeMs: number;
  room: DiskSpace;
  /** Called with the number of bytes that have arrived. */
  onBytes: (count: number) => void;
  signal: AbortSignal;
}

/** The outcome of a successful refresh. */
export interface RefreshResult {
  /** Whether a snapshot visible to clients was published. */
  changed: boolean;
  snapshot: Snapshot;
  /** The mirrors known to have this very database. */
  mirrors: readonly Mirror[];
  /** Null unless the database is new. */
  index: PackageIndex | null;
}

/**
 * Brings a repository's snapshot up to date: examines what the mirrors have, in order, until one
 * has the served database or a newer one, and copies that with everything that belongs to it.
 */
export class SnapshotRefresh {
  readonly done: Promise<RefreshResult>;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt = performance.now();
  readonly #options: SnapshotRefreshOptions;
  readonly #examination: Examination;
  readonly #signal: AbortSignal;
  readonly #findings: Findings;
  #surveyed: readonly Candidate[] = [];

  constructor(options: SnapshotRefreshOptions) {
    this.#signal = AbortSignal.any([options.signal, AbortSignal.timeout(MAX_REFRESH_MS)]);
    this.#options = options;
    this.#examination = new Examination(options);
    this.#findings = new Findings(options.current);
    this.done = this.#run().catch((error) => {
      throw this.#asPkgstashError(error);
    });
  }

  /** Whether the file list is copied too. */
  get includesFiles(): boolean {
    return this.#options.includesFiles;
  }

  /** Whether it was requested as a whole, not by a client. */
  get isFull(): boolean {
    return this.#options.isFull;
  }

  /** The mirrors with an older database. */
  get lagging(): Iterable<Mirror> {
    return this.#findings.older.keys();
  }

  /** Whether a file in the snapshot directory belongs to an unfinished snapshot. */
  owns(blob: string): boolean {
    return this.#examination.owns(blob);
  }

  async #run(): Promise<RefreshResult> {
    const { answerTimeoutMs } = this.#options;
    this.#signal.throwIfAborted();
    let candidates = this.#options.isSurvey ? await this.#survey() : this.#inOrder();
    for (let round = 1;; round++) {
      await this.#look(candidates);
      const isLast = round > MAX_CHANGES || this.#elapsedMs > answerTimeoutMs * UPDATE_SHARE;
      try {
        if (isLast || !this.#findings.isInUpdate) return await this.#conclude();
      } catch (error) {
        if (isLast || !isChange(error)) throw error;
      }
      await delay(round * CHANGE_PAUSE_MS, { signal: this.#signal });
      this.#findings.same.clear();
      candidates = this.#inOrder();
    }
  }

  /** Asks all mirrors to describe their databases, and separates those that are known. */
  async #survey(): Promise<Candidate[]> {
    const { upstream, repository, raceTimeoutMs, current, isThorough } = this.#options;
    const { ready, resting, refused } = upstream.pool.candidates(null);
    const welcome = [...ready, ...refused];
    this.#surveyed = await surveyMirrors(upstream, repository, {
      mirrors: welcome.length > 0 ? welcome : resting,
      patienceMs: raceTimeoutMs,
      signal: this.#signal,
    });
    for (const { mirror, described } of this.#surveyed) {
      const sha256 = described === null ? null : this.#options.known.recognize(mirror, described);
      const verdict = sha256 === null ? null : this.#examination.verdictOn(sha256);
      if (verdict === "same") this.#findings.same.add(mirror);
      else if (verdict === "older" && sha256 !== null) this.#findings.older.set(mirror, sha256);
    }
    const origin = [...this.#findings.same].find((mirror) =>
      mirrorKey(mirror) === current?.origin?.mirror
    );
    return candidatesAfter({
      surveyed: this.#surveyed,
      mirrors: this.#inOrder().map(({ mirror }) => mirror),
      servedDate: this.#servedDate,
      same: this.#findings.same,
      older: new Set(this.#findings.older.keys()),
      compared: isThorough ? origin ?? [...this.#findings.same][0] ?? null : null,
    });
  }

  /** Examines candidates until one decides. */
  async #look(candidates: Candidate[]): Promise<void> {
    const { upstream, repository, raceTimeoutMs, answerTimeoutMs } = this.#options;
    const queue = [...candidates];
    this.#findings.failures = [];
    if (this.#findings.isDecided(queue)) return;
    const attempts = inTurn<Candidate, Finding>({
      candidates: queue,
      attempt: (candidate, pace, signal) => this.#examination.examine(candidate, pace, signal),
      onSlow: ({ mirror }) =>
        upstream.recordFailure({ mirror, error: slowness() }, {
          repository,
          fileName: `${repository.name}.db`,
        }),
      raceTimeoutMs,
      budgetMs: answerTimeoutMs * BUDGET_SHARE,
      signal: this.#signal,
    });
    for await (const attempted of attempts) {
      const { candidate } = attempted;
      const { mirror } = candidate;
      if ("error" in attempted) this.#recordFailure(mirror, attempted.error);
      else {
        const finding = attempted.result;
        if (finding.kind === "later") queue.push({ ...finding.candidate, isForced: true });
        if (finding.kind === "same") this.#findings.same.add(mirror);
        else if (candidate.isUnconditional === true) this.#findings.same.clear();
        if (finding.kind === "older") this.#findings.older.set(mirror, finding.sha256);
        if (finding.kind === "set") this.#findings.addSet(finding.set);
      }
      if (this.#findings.isDecided(queue)) return;
    }
  }

  #recordFailure(mirror: Mirror, error: unknown): void {
    this.#signal.throwIfAborted();
    if (error instanceof PkgstashError && error.kind === "storage") throw error;
    const isOurs = error instanceof Error && "code" in error && !(error instanceof PkgstashError);
    if (isOurs) throw error;
    const own = error instanceof NoMirrorError ? error.failures[0]?.error ?? error : error;
    this.#findings.failures.push({ mirror, error: own });
    // The failure of the mirror is already logged.
    log[error instanceof NoMirrorError ? "debug" : "info"]("cannot copy a snapshot from a mirror", {
      repository: this.#options.repository.directory,
      mirror: mirror.name,
      reason: reasonOf(own),
    });
  }

  async #conclude(): Promise<RefreshResult> {
    const { current, repository } = this.#options;
    const best = bestOf(this.#findings.sets, this.#findings.expectsSignature);
    if (
      best !== null &&
      (isComplete(best, this.#findings.expectsSignature) || !this.#findings.keepsServed)
    ) {
      return await this.#publish(best);
    }
    if (current !== null && this.#findings.same.size > 0) return await this.#keep(current);
    if (current !== null && this.#findings.isOutvoted) return await this.#judgeOlder(current);
    throw new NoMirrorError(
      `${repository.name}.db`,
      this.#findings.failures,
      this.#findings.failures.length > 0 && this.#findings.failures.every(isMissing),
    );
  }

  async #publish(set: CopiedSet, { rolledBack = false } = {}): Promise<RefreshResult> {
    const { repository, known } = this.#options;
    const { sha256, description } = set.database;
    const isUnsigned = !("db.sig" in set.companions);
    if (set.hasWrongSignature || isUnsigned && this.#findings.expectsSignature) {
      log.warn("no mirror has a signature for the new database, publishing it unsigned", {
        repository: repository.directory,
      });
    }
    const snapshot = await publishSet(set, {
      awaitsSignature: isUnsigned && (set.hasWrongSignature || this.#findings.expectsSignature),
      rolledBack,
    }, this.#options);
    const others = this.#surveyed.filter(({ mirror, described }) =>
      described !== null && known.recognize(mirror, described) === sha256
    );
    const mirrors = [...new Set([set.mirror, ...others.map(({ mirror }) => mirror)])];
    const date = dateOf(description.lastModified);
    for (const { mirror, described } of this.#surveyed) {
      const own = dateOf(described?.lastModified);
      if (own !== null && date !== null && own < date) this.#findings.older.set(mirror, "");
    }
    return { changed: true, snapshot, mirrors, index: set.index };
  }

  /** Keeps the served database, which mirrors have. */
  async #keep(current: Snapshot): Promise<RefreshResult> {
    const { mirrorSet } = this.#options;
    const mirrors = [...this.#findings.same];
    const isOutvoted = this.#findings.isOutvoted;
    if (isOutvoted) {
      const rolledBack = await this.#rollBack(current);
      if (rolledBack !== null) return rolledBack;
    }
    const { rollback } = isOutvoted ? this.#judged(current) : { rollback: null };
    const kept = await keepServed(
      { ...current, rollback, mirrorSet, goneSince: null },
      { ...this.#options, mirrors, examination: this.#examination, signal: this.#signal },
    );
    const changed = kept.members !== current.members;
    const isOld = changed || rollback?.since !== current.rollback?.since ||
      mirrorSet !== current.mirrorSet || current.goneSince !== null;
    const snapshot = isOld ? await publishKept(kept, this.#options) : kept;
    return { changed, snapshot, mirrors, index: null };
  }

  /** Handles the case that most mirrors have databases older than the served one. */
  async #judgeOlder(current: Snapshot): Promise<RefreshResult> {
    const { isFull, repository, rollbackAgeMs } = this.#options;
    const rolledBack = await this.#rollBack(current);
    if (rolledBack !== null) return rolledBack;
    const { rollback } = this.#judged(current);
    log.warn("every mirror's database is older than the served one", {
      repository: repository.directory,
      served: current.members.db.lastModified,
      accepted_from: new Date(rollback.since + rollbackAgeMs).toISOString(),
    });
    const snapshot = { ...current, rollback, goneSince: null };
    if (rollback.since !== current.rollback?.since) await publishKept(snapshot, this.#options);
    if (isFull) return { changed: false, snapshot, mirrors: [], index: null };
    throw new PkgstashError(
      "upstream",
      `Cannot refresh ${repository.directory}: the mirrors' databases are older than the served ` +
        "one.",
    );
  }

  #judged(current: Snapshot): { accepted: boolean; rollback: NonNullable<Snapshot["rollback"]> } {
    const { rollbackAgeMs, hasOtherMirrors } = this.#options;
    const { accepted, record } = judgeRollback(current.rollback, {
      now: Date.now(),
      rollbackAgeMs,
    });
    // The current mirrors need not have what the former ones had.
    return {
      accepted: accepted || hasOtherMirrors && this.#findings.same.size === 0,
      rollback: record,
    };
  }

  /** Publishes what most mirrors have, if it is time to; otherwise null. */
  async #rollBack(current: Snapshot): Promise<RefreshResult | null> {
    if (!this.#judged(current).accepted) return null;
    const { repository } = this.#options;
    const mirrors = mostCommon(this.#findings.older);
    this.#examination.acceptsOlder = true;
    this.#findings.same.clear();
    this.#findings.older.clear();
    await this.#look(mirrors.map((mirror) => ({ mirror, described: null, isUnconditional: true })));
    const best = bestOf(this.#findings.sets, this.#findings.expectsSignature);
    if (best === null) return null;
    const result = await this.#publish(best, { rolledBack: true });
    log.warn("repository was rolled back", {
      repository: repository.directory,
      served: current.members.db.lastModified,
      offered: result.snapshot.members.db.lastModified,
    });
    return { ...result, mirrors };
  }

  #asPkgstashError(error: unknown): PkgstashError {
    const { repository, signal } = this.#options;
    if (error instanceof PkgstashError) return error;
    if (this.#signal.aborted && !signal.aborted) {
      return new PkgstashError(
        "upstream_timeout",
        `Cannot refresh ${repository.directory}: no mirror sent its database in ` +
          `${MAX_REFRESH_MS / 60_000} minutes.`,
      );
    }
    return new PkgstashError(
      "storage",
      `Cannot store the database of ${repository.directory}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }

  /** All mirrors, in the order in which to ask them. */
  #inOrder(): Candidate[] {
    const { upstream, repository } = this.#options;
    const { ready, resting, refused } = upstream.pool.candidates(null, {
      directory: repository.directory,
      fileName: `${repository.name}.db`,
    });
    return [...ready, ...resting, ...refused].map((mirror) => ({ mirror, described: null }));
  }

  get #elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  get #servedDate(): number | null {
    return dateOf(this.#options.current?.members.db.lastModified);
  }
}

function slowness(): PkgstashError {
  return new PkgstashError("upstream_timeout", "was slower than another mirror");
}
