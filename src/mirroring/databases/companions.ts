import { createHash } from "node:crypto";
import { PkgstashError } from "../../errors.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { SnapshotMember } from "../../formats/pacman/repository_file_name.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { sha256Of } from "../../platform/files/file_digest.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { MemberFile, Snapshot } from "../../repositories/snapshot.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";
import { checkBeginning, checkLength, maxBytesOf } from "../downloads/content_check.ts";
import type { Download } from "../downloads/download.ts";
import { SignedFile } from "../downloads/signed_file.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";
import { isNotFound } from "../mirrors/race.ts";
import type { Upstream } from "../mirrors/upstream.ts";

/** The members of a snapshot other than the database. */
export type Companions = Omit<Snapshot["members"], "db">;

/** A database as it was copied from a mirror. */
export interface CopiedDatabase {
  path: string;
  lastModified: string | null;
  etag: string | null;
}

export interface CompanionsRequest {
  upstream: Upstream;
  repository: Repository;
  store: SnapshotStore;
  signal: AbortSignal;
  /** The mirror that the database was copied from. */
  mirror: Mirror;
  database: CopiedDatabase;
  /** Name on disk of a member. */
  blob: (member: SnapshotMember) => string;
  /** Begins to fetch the file list; null if it is not wanted. */
  fetchFiles: (() => Download) | null;
}

/**
 * Copies what goes with a database: signatures, and the file list if it is wanted. Throws
 * `MirrorRefusal` "different" if the mirror changed anything meanwhile, because then the files do
 * not belong together.
 */
export async function copyCompanions(request: CompanionsRequest): Promise<Companions> {
  const { repository, store, database, blob, fetchFiles } = request;
  const databaseSignature = await copySignature(request, "db.sig", database.path);
  const fileList = fetchFiles === null ? null : await copyFileList(fetchFiles(), blob("files"));
  const filesSignature = fileList === null
    ? null
    : await copySignature(request, "files.sig", store.pathOf(repository, fileList.blob));
  if (databaseSignature !== null || fileList !== null) await confirmUnchanged(request);
  return {
    ...(databaseSignature === null ? {} : { "db.sig": databaseSignature }),
    ...(fileList === null ? {} : { files: fileList }),
    ...(filesSignature === null ? {} : { "files.sig": filesSignature }),
  };
}

/** The refusal of a mirror that is in the middle of an update. */
export function changedMeanwhile({ name }: Mirror, fileName: string): MirrorRefusal {
  return new MirrorRefusal("different", `${name} changed ${fileName} while it was being copied`);
}

async function copyFileList(download: Download, blob: string): Promise<MemberFile | null> {
  try {
    const outcome = await download.done;
    if (outcome.result !== "fetched") return null;
    return { blob, lastModified: outcome.identity.lastModified };
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Copies the signature of the file at `signedPath`; null if the mirror has none. */
async function copySignature(
  request: CompanionsRequest,
  member: "db.sig" | "files.sig",
  signedPath: string,
): Promise<MemberFile | null> {
  const { mirror, repository, store } = request;
  const fileName = `${repository.name}.${member}`;
  const signature = await fetchSignature(request, fileName);
  if (signature === null) return null;
  if (!await new SignedFile(signedPath).maySign(signature.bytes)) {
    throw changedMeanwhile(mirror, fileName);
  }
  const blob = request.blob(member);
  const path = store.pathOf(repository, blob);
  await writeFileDurably(path, signature.bytes);
  const modified = parseHttpDate(signature.lastModified ?? "") ?? 0;
  await Deno.utime(path, modified, modified);
  return { blob, lastModified: signature.lastModified };
}

/** The signature `fileName` of the mirror; null if it has none. */
async function fetchSignature(
  { upstream, mirror, repository, signal }: CompanionsRequest,
  fileName: string,
): Promise<{ bytes: Uint8Array; lastModified: string | null } | null> {
  const kind = "signature";
  const max = maxBytesOf(kind);
  try {
    const body = await upstream.open({
      repository,
      fileName,
      only: [mirror],
      isQuick: true,
      headersFor: () => ({}),
      accept: async (body) => {
        const { length } = body;
        checkLength({ kind, size: length, expectedSize: null });
        const bytes = await body.peek(max + 1);
        checkBeginning(kind, fileName, bytes);
        if (bytes.length > max || (length !== null && length !== bytes.length)) {
          throw new PkgstashError("content", "sent a signature of another length than announced");
        }
      },
      signal,
    });
    const bytes = await body.peek(max);
    body.close();
    return { bytes, lastModified: body.headers.get("last-modified") };
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Throws `MirrorRefusal` "different" unless the mirror still has the database that was copied. */
async function confirmUnchanged(
  { upstream, mirror, repository, database, signal }: CompanionsRequest,
): Promise<void> {
  const fileName = `${repository.name}.db`;
  const { lastModified, etag } = database;
  const body = await upstream.open({
    repository,
    fileName,
    only: [mirror],
    isConditional: true,
    headersFor: () => ({
      ...(lastModified === null ? {} : { "if-modified-since": lastModified }),
      ...(etag === null ? {} : { "if-none-match": etag }),
    }),
    accept: () => Promise.resolve(),
    signal,
  });
  try {
    if (!await isUnchanged(body, database)) throw changedMeanwhile(mirror, fileName);
  } finally {
    body.close();
  }
}

async function isUnchanged(body: MirrorResponse, copy: CopiedDatabase): Promise<boolean> {
  const { status, headers, length } = body;
  if (status === 304) return true;
  if (copy.lastModified !== null) {
    // Not by the entity tag: the machines behind one name may have different ones for one file.
    const { size } = await Deno.stat(copy.path);
    return headers.get("last-modified") === copy.lastModified && (length ?? size) === size;
  }
  if (copy.etag !== null) return headers.get("etag") === copy.etag;
  const hash = createHash("sha256");
  for (let chunk; (chunk = await body.read()) !== null;) hash.update(chunk);
  return hash.digest("hex") === await sha256Of(copy.path);
}
