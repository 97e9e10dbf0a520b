import { reasonOf } from "../../errors.ts";
import type { SnapshotMember } from "../../formats/pacman/repository_file_name.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { MemberFile, Snapshot } from "../../repositories/snapshot.ts";
import { sha256Of } from "../../platform/files/file_digest.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { CopiedFile } from "./copy_file.ts";
import { copyCompanions, copySignature, type SetOnMirror } from "./copy_set.ts";
import type { Examination, ExaminationOptions } from "./examination.ts";
import type { KnownContents } from "./known_contents.ts";
import { Pace } from "./pace.ts";

const log = eventLogger("snapshot");

export interface KeepOptions extends ExaminationOptions {
  examination: Examination;
  /** Mirrors that have the served database. */
  mirrors: readonly Mirror[];
  /** Whether all mirrors were asked. */
  isSurvey: boolean;
  /** Whether to look beyond what seems to have changed. */
  isThorough: boolean;
  signal: AbortSignal;
}

/**
 * The served snapshot, completed with what the mirrors of its database now have: the file list if
 * wanted, and a new signature, because databases are sometimes signed late or again.
 */
export async function keepServed(served: Snapshot, options: KeepOptions): Promise<Snapshot> {
  const { mirrors, includesFiles, isSurvey, isThorough } = options;
  const lacksFiles = includesFiles && served.members.files === undefined;
  const isSigned = served.members["db.sig"] !== undefined;
  if (lacksFiles) return await withCompanions(served, options);
  const isExpected = served.awaitsSignature || isSurvey && isSigned;
  if (!isExpected && !isThorough) return served;
  // Most databases are never signed. If this one is, its mirror lacked the signature for a moment.
  const asked = isExpected ? mirrors : mirrors.slice(0, 1);
  for (const mirror of asked) {
    try {
      const kept = await withSignature(served, attemptAt(mirror, options));
      if (kept !== null) return kept;
    } catch (error) {
      options.signal.throwIfAborted();
      log.info("cannot request the signature of the served database", {
        repository: options.repository.directory,
        mirror: mirror.name,
        reason: reasonOf(error),
      });
    }
  }
  return served;
}

/** With the file list and signatures of the first mirror that provides them. */
async function withCompanions(served: Snapshot, options: KeepOptions): Promise<Snapshot> {
  const { mirrors, known, signal } = options;
  let failure: unknown = null;
  for (const mirror of mirrors) {
    try {
      const attempt = attemptAt(mirror, options);
      const database = await servedCopy(served, attempt, known);
      const { companions } = await copyCompanions(attempt, database, { includesFiles: true });
      if (companions.files === undefined) continue;
      return {
        ...served,
        generation: attempt.names.generation,
        members: { ...served.members, ...companions },
      };
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  if (failure !== null) throw failure;
  return served;
}

/** With the signature of this mirror; null if it has none that fits. */
async function withSignature(served: Snapshot, attempt: SetOnMirror): Promise<Snapshot | null> {
  const { store, repository, names } = attempt;
  const pathOf = ({ blob }: MemberFile) => store.pathOf(repository, blob);
  const signature = await copySignature(attempt, "db.sig", pathOf(served.members.db));
  if (signature === null || signature === "wrong") return null;
  const before = served.members["db.sig"];
  const isSame = before !== undefined &&
    await sha256Of(pathOf(before)) === await sha256Of(pathOf(signature));
  if (isSame) return served;
  const members: Snapshot["members"] & Partial<Record<SnapshotMember, MemberFile>> = {
    ...served.members,
    "db.sig": signature,
  };
  return { ...served, generation: names.generation, awaitsSignature: false, members };
}

function attemptAt(mirror: Mirror, { examination, signal }: KeepOptions): SetOnMirror {
  return examination.begin(mirror, new Pace(), signal);
}

/** The served database as if it had just been copied from the mirror of an attempt. */
async function servedCopy(
  { members, sha256, origin }: Snapshot,
  { mirror, store, repository }: SetOnMirror,
  known: KnownContents,
): Promise<CopiedFile> {
  const path = store.pathOf(repository, members.db.blob);
  const { size } = await Deno.stat(path);
  const last = known.lastOf(mirror);
  const description = last?.sha256 === sha256
    ? last.description
    : { lastModified: members.db.lastModified, etag: null, size };
  return { path, sha256, size, receivedAt: origin?.receivedAt ?? 0, description };
}
