import { createHash } from "node:crypto";
import type { SnapshotMember } from "../../formats/pacman/repository_file_name.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { dateOf } from "../../repositories/database_date.ts";
import { checkArchive, type PackageIndex } from "../../repositories/package_index.ts";
import type { MemberFile, Snapshot } from "../../repositories/snapshot.ts";
import { newGeneration, type SnapshotStore } from "../../repositories/snapshot_store.ts";
import { peekSignature, type Signature, takeSignature } from "../downloads/signature_body.ts";
import { SignedFile } from "../downloads/signed_file.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";
import { isNotFound } from "../mirrors/race.ts";
import { type CopiedFile, copyIfPresent, type FileOnMirror } from "./copy_file.ts";
import { type Description, descriptionBy, descriptionOf } from "./known_contents.ts";

/** The members of a snapshot other than the database. */
export type Companions = Omit<Snapshot["members"], "db">;

/** A repository's database and the files that go with it, all from one mirror. */
export interface CopiedSet {
  mirror: Mirror;
  names: SetNames;
  database: CopiedFile;
  index: PackageIndex;
  companions: Companions;
  /** Whether the mirror's signature belongs to another database or file list; it is omitted. */
  hasWrongSignature: boolean;
}

/** One attempt to copy a set from a mirror. */
export interface SetOnMirror extends Omit<FileOnMirror, "fileName"> {
  store: SnapshotStore;
  names: SetNames;
}

/** The names on disk of a set being copied, until it is published or abandoned. */
export class SetNames {
  readonly generation = newGeneration();
  readonly #repository: string;

  /** `repository` is the name, such as `core`. */
  constructor(repository: string) {
    this.#repository = repository;
  }

  blob(member: SnapshotMember): string {
    return `${this.generation}-${this.#repository}.${member}`;
  }

  /** Whether a file in the snapshot directory is one of these. */
  owns(blob: string): boolean {
    return blob.startsWith(`${this.generation}-`);
  }
}

/**
 * Copies what goes with a database: signatures, and the file list if wanted. Throws `MirrorRefusal`
 * "different" if the mirror has changed the database meanwhile, because then the files do not
 * belong together.
 */
export async function copyCompanions(
  set: SetOnMirror,
  database: CopiedFile,
  { includesFiles }: { includesFiles: boolean },
): Promise<Pick<CopiedSet, "companions" | "hasWrongSignature">> {
  const { repository, store, names } = set;
  const companions: Record<string, MemberFile> = {};
  let hasWrongSignature = false;
  const addSignature = async (member: "db.sig" | "files.sig", signedPath: string) => {
    const signature = await copySignature(set, member, signedPath);
    if (signature === "wrong") hasWrongSignature = true;
    else if (signature !== null) companions[member] = signature;
  };
  await addSignature("db.sig", database.path);
  if (includesFiles) {
    const blob = names.blob("files");
    const path = store.pathOf(repository, blob);
    const files = await copyIfPresent({ ...set, fileName: `${repository.name}.files` }, path);
    if (files !== null) {
      await checkArchive(path);
      companions.files = { blob, lastModified: files.description.lastModified };
      await addSignature("files.sig", path);
    }
  }
  if (Object.keys(companions).length > 0) await confirmUnchanged(set, database);
  return { companions, hasWrongSignature };
}

/**
 * Copies the signature of the file at `signedPath`; null if the mirror has none, "wrong" if it
 * signs another file.
 */
export async function copySignature(
  set: SetOnMirror,
  member: "db.sig" | "files.sig",
  signedPath: string,
): Promise<MemberFile | "wrong" | null> {
  const { repository, store, names } = set;
  const signature = await fetchSignature({ ...set, fileName: `${repository.name}.${member}` });
  if (signature === null) return null;
  if (await new SignedFile(signedPath).maySign(signature.bytes) === false) return "wrong";
  const blob = names.blob(member);
  const path = store.pathOf(repository, blob);
  await writeFileDurably(path, signature.bytes);
  // Nobody requests it by date.
  await Deno.utime(path, 0, 0);
  return { blob, lastModified: signature.lastModified };
}

async function fetchSignature(
  { upstream, mirror, repository, fileName, pace, signal }: FileOnMirror,
): Promise<Signature | null> {
  pace.recordRequest();
  try {
    const response = await upstream.open({
      repository,
      fileName,
      only: [mirror],
      isQuick: true,
      headersFor: () => ({}),
      accept: async (body) => void await peekSignature(body, fileName),
      signal,
    });
    return await takeSignature(response);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Throws `MirrorRefusal` "different" unless the mirror still has the copied database. */
async function confirmUnchanged(set: SetOnMirror, database: CopiedFile): Promise<void> {
  const { mirror, repository } = set;
  const fileName = `${repository.name}.db`;
  if (await isUnchanged({ ...set, fileName }, database)) return;
  throw new MirrorRefusal(
    "different",
    `${mirror.name} changed ${fileName} while it was being copied`,
  );
}

async function isUnchanged(
  { upstream, mirror, repository, fileName, pace, signal }: FileOnMirror,
  database: CopiedFile,
): Promise<boolean> {
  const { lastModified, etag } = database.description;
  pace.recordRequest();
  if (etag === null && lastModified !== null) {
    const headers = await upstream.describe(mirror, repository, fileName, signal);
    const same = headers === null ? null : isSame(descriptionOf(headers), database);
    if (same !== null) return same;
  }
  const body = await upstream.open({
    repository,
    fileName,
    only: [mirror],
    isConditional: etag !== null,
    headersFor: () => etag === null ? {} : { "if-none-match": etag },
    accept: () => Promise.resolve(),
    signal,
  });
  try {
    if (body.status === 304) return true;
    return isSame(descriptionBy(body), database) ?? await hasSameBytes(body, database);
  } finally {
    body.close();
  }
}

/**
 * Whether a description matches a copy; null if nothing tells. Other validators do not tell: some
 * mirrors date every response by the clock, and the machines behind one name may give one file
 * different entity tags.
 */
function isSame(described: Description, { description, size }: CopiedFile): boolean | null {
  if (described.size !== null && described.size !== size) return false;
  const { lastModified, etag } = description;
  const isSameDate = dateOf(lastModified) !== null && described.lastModified === lastModified;
  return isSameDate || etag !== null && described.etag === etag ? true : null;
}

async function hasSameBytes(body: MirrorResponse, { sha256, size }: CopiedFile): Promise<boolean> {
  const hash = createHash("sha256");
  let received = 0;
  for (let chunk; (chunk = await body.read()) !== null;) {
    received += chunk.length;
    if (received > size) return false;
    hash.update(chunk);
  }
  return hash.digest("hex") === sha256;
}
