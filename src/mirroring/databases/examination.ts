import { PkgstashError } from "../../errors.ts";
import { dateOf } from "../../repositories/database_date.ts";
import { type PackageIndex, readPackageIndex } from "../../repositories/package_index.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { isDatedBefore } from "./candidates.ts";
import { type CopiedFile, copyFile, type DiskSpace } from "./copy_file.ts";
import { type CopiedSet, copyCompanions, SetNames, type SetOnMirror } from "./copy_set.ts";
import { isOlder } from "./database_order.ts";
import { descriptionOf, type KnownContents, mirrorKey } from "./known_contents.ts";
import type { Pace } from "./pace.ts";
import type { Candidate } from "./survey.ts";

/** A mirror may have different content each time. */
const MAX_REFUSED = 100;

/** What a mirror turned out to have. */
export type Finding =
  /** The served database. */
  | { kind: "same" }
  /** A database older than the served one. */
  | { kind: "older"; sha256: string }
  /** One dated before the served one; worth examining only if there is nothing else. */
  | { kind: "later"; candidate: Candidate }
  /** One that another mirror also has, and that was copied from there. */
  | { kind: "agrees" }
  /** A new one, with everything that belongs to it. */
  | { kind: "set"; set: CopiedSet };

export interface ExaminationOptions {
  upstream: Upstream;
  repository: Repository;
  store: SnapshotStore;
  /** The served snapshot, or null. */
  current: Snapshot | null;
  servedIndex: () => Promise<PackageIndex | null>;
  known: KnownContents;
  refused: Set<string>;
  includesFiles: boolean;
  room: DiskSpace;
  onBytes: (count: number) => void;
}

/** Finds out what mirrors have, with as few bytes as prove it, and copies what is new. */
export class Examination {
  /** Whether databases older than the served one are copied too. */
  acceptsOlder = false;
  readonly #options: ExaminationOptions;
  /** Every attempt to copy a set. */
  readonly #attempts = new Set<SetOnMirror>();
  /** The copied sets, to complete them when the mirror has been updated. */
  readonly #copied = new Map<Mirror, CopiedSet>();

  constructor(options: ExaminationOptions) {
    this.#options = options;
  }

  /** Whether a file in the snapshot directory belongs to a set being copied. */
  owns(blob: string): boolean {
    return [...this.#attempts].some(({ names }) => names.owns(blob));
  }

  /** Begins a set from `mirror`, with unique names. */
  begin(mirror: Mirror, pace: Pace, signal: AbortSignal): SetOnMirror {
    const { upstream, repository, store, room, onBytes } = this.#options;
    const names = new SetNames(repository.name);
    const attempt = { upstream, mirror, repository, store, names, pace, room, onBytes, signal };
    this.#attempts.add(attempt);
    return attempt;
  }

  /** How content compares with the served one, as far as known. */
  verdictOn(sha256: string): "same" | "older" | null {
    const { current, refused } = this.#options;
    if (current === null) return null;
    if (sha256 === current.sha256) return "same";
    return refused.has(sha256) || current.former.includes(sha256) ? "older" : null;
  }

  /** Finds out what a mirror has. */
  async examine(candidate: Candidate, pace: Pace, signal: AbortSignal): Promise<Finding> {
    const { mirror, isUnconditional = false } = candidate;
    const { known, current } = this.#options;
    const tagged = isUnconditional ? null : known.taggedOf(mirror);
    const verdict = tagged === null ? null : this.verdictOn(tagged.sha256);
    const etag = verdict === null ? null : tagged?.etag ?? null;
    // Without known content, or anything to recognize it by, a description says nothing.
    const last = known.lastOf(mirror)?.description;
    const isComparable = (current !== null || this.#copied.size > 0) &&
      (last === undefined || last.etag !== null || last.lastModified !== null);
    const isToBeAsked = !isUnconditional && etag === null && isComparable;
    const described = candidate.described ??
      (isToBeAsked ? await this.#describe(mirror, pace, signal) : null);
    const asked = { ...candidate, described };
    if (described !== null) {
      const finding = this.#findingOf(asked);
      if (finding !== null) return finding;
    }
    const attempt = this.begin(mirror, pace, signal);
    const held = this.#copied.get(mirror);
    if (held !== undefined && described !== null) {
      const isHeld = known.recognize(mirror, described) === held.database.sha256;
      if (isHeld) return await this.#complete({ ...attempt, names: held.names }, held);
    }
    const fileName = `${attempt.repository.name}.db`;
    const path = attempt.store.pathOf(attempt.repository, attempt.names.blob("db"));
    const database = await copyFile({ ...attempt, fileName }, { path, etag });
    if (database !== null) return await this.#judge(attempt, database);
    if (tagged !== null && verdict === "same") return { kind: "same" };
    if (tagged !== null) return { kind: "older", sha256: tagged.sha256 };
    throw new PkgstashError("upstream", "answered 304 to an unconditional request");
  }

  /** Compares a copy with the served database, and completes it unless it is older. */
  async #judge(attempt: SetOnMirror, database: CopiedFile): Promise<Finding> {
    const { current, known, refused, servedIndex } = this.#options;
    const { mirror } = attempt;
    const { sha256, description } = database;
    known.remember(mirrorKey(mirror), database);
    const verdict = this.verdictOn(sha256);
    if (verdict === "same") return { kind: "same" };
    if (verdict === "older" && !this.acceptsOlder) return { kind: "older", sha256 };
    const served = current === null ? null : await servedIndex();
    const index = await this.#read(attempt, database.path, served);
    if (current !== null && served !== null && !this.acceptsOlder) {
      const isBehind = isOlder(
        { index, date: dateOf(description.lastModified) },
        { index: served, date: dateOf(current.members.db.lastModified) },
      );
      if (isBehind) {
        refused.add(sha256);
        const [oldest] = refused;
        if (refused.size > MAX_REFUSED && oldest !== undefined) refused.delete(oldest);
        return { kind: "older", sha256 };
      }
    }
    return await this.#complete(attempt, {
      mirror,
      names: attempt.names,
      database,
      index,
      companions: {},
      hasWrongSignature: false,
    });
  }

  async #complete(attempt: SetOnMirror, started: CopiedSet): Promise<Finding> {
    const { includesFiles } = this.#options;
    const set = {
      ...started,
      ...await copyCompanions(attempt, started.database, { includesFiles }),
    };
    this.#copied.set(set.mirror, set);
    return { kind: "set", set };
  }

  async #read(
    { upstream, mirror, repository }: SetOnMirror,
    path: string,
    served: PackageIndex | null,
  ): Promise<PackageIndex> {
    try {
      return await readPackageIndex(path, served);
    } catch (error) {
      upstream.recordFailure({ mirror, error }, { repository, fileName: `${repository.name}.db` });
      throw error;
    }
  }

  /** How a mirror describes its database; null if it does not say. */
  async #describe(mirror: Mirror, pace: Pace, signal: AbortSignal) {
    const { upstream, repository } = this.#options;
    pace.recordRequest();
    const headers = await upstream.describe(mirror, repository, `${repository.name}.db`, signal);
    return headers === null ? null : descriptionOf(headers);
  }

  /** What a description tells; null if the content must be examined. */
  #findingOf(candidate: Candidate): Finding | null {
    const { mirror, described, isForced = false } = candidate;
    const { known, current } = this.#options;
    const sha256 = described === null ? null : known.recognize(mirror, described);
    const verdict = sha256 === null ? null : this.verdictOn(sha256);
    if (verdict === "same") return { kind: "same" };
    if (verdict === "older" && sha256 !== null && !this.acceptsOlder) {
      return { kind: "older", sha256 };
    }
    const copied = [...this.#copied.values()].find(({ database }) => database.sha256 === sha256);
    const isSigned = copied !== undefined && !copied.hasWrongSignature &&
      ("db.sig" in copied.companions || current?.members["db.sig"] === undefined);
    if (isSigned && copied.mirror !== mirror) return { kind: "agrees" };
    const servedDate = dateOf(current?.members.db.lastModified);
    if (isForced || !isDatedBefore(candidate, servedDate)) return null;
    return { kind: "later", candidate };
  }
}
