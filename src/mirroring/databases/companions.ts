import { createHash } from "node:crypto";
import type { Repository } from "../../repositories/repository.ts";
import type { Download } from "../downloads/download.ts";
import { checkBeginning, checkHeaders, maxBytesOf } from "../downloads/content_check.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError } from "../../errors.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import { readSignature } from "../../formats/openpgp/signature.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import { MirrorRefusal, type MirrorResponse } from "../mirrors/mirror_response.ts";
import type { SnapshotMember } from "../../formats/pacman/repository_file_name.ts";
import type { MemberFile, Snapshot } from "../../repositories/snapshot.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";

/** The members of a set other than the database. */
export type Companions = Omit<Snapshot["members"], "db">;

interface Context {
  access: Upstream;
  repository: Repository;
  store: SnapshotStore;
  signal: AbortSignal;
}

interface Work {
  blob: (member: SnapshotMember) => string;
  /** Begins to fetch the file list; null if it is not wanted. */
  fetchFiles: (() => Download) | null;
}

/**
 * Copies everything that goes with a database that `mirror` had a moment ago: signatures, and the
 * file list if it is wanted. Throws `MirrorRefusal` "different" if the mirror changed anything
 * meanwhile, because then they do not belong together.
 */
export async function copyCompanions(
  context: Context,
  mirror: Mirror,
  database: CopiedDatabase,
  { blob, fetchFiles }: Work,
): Promise<Companions> {
  const { access, repository, signal, store } = context;
  const databaseSignature = await copySignature(context, mirror, {
    member: "db.sig",
    blob: blob("db.sig"),
    of: database.path,
  });
  const fileList = fetchFiles === null ? null : await copyFileList(fetchFiles(), blob("files"));
  const filesSignature = fileList === null ? null : await copySignature(context, mirror, {
    member: "files.sig",
    blob: blob("files.sig"),
    of: store.pathOf(repository, fileList.blob),
  });
  if (databaseSignature !== null || fileList !== null) {
    await confirmUnchanged(access, mirror, repository, database, signal);
  }
  return {
    ...(databaseSignature === null ? {} : { "db.sig": databaseSignature }),
    ...(fileList === null ? {} : { files: fileList }),
    ...(filesSignature === null ? {} : { "files.sig": filesSignature }),
  };
}

async function copyFileList(download: Download, blob: string): Promise<MemberFile | null> {
  try {
    const outcome = await download.done;
    if (outcome.result !== "fetched") return null;
    return { blob, lastModified: outcome.identity.lastModified };
  } catch (error) {
    if (error instanceof PkgstashError && error.kind === "not_found") return null;
    throw error;
  }
}

async function copySignature(
  { access, repository, store, signal }: Context,
  mirror: Mirror,
  { member, blob, of }: { member: "db.sig" | "files.sig"; blob: string; of: string },
): Promise<MemberFile | null> {
  const fileName = `${repository.name}.${member}`;
  const signature = await fetchSignature(access, mirror, repository, fileName, signal);
  if (signature === null) return null;
  if (!await belongsTogether(signature.bytes, of)) throw changedMeanwhile(mirror, fileName);
  const path = store.pathOf(repository, blob);
  await writeFileDurably(path, signature.bytes);
  const modified = parseHttpDate(signature.lastModified ?? "") ?? 0;
  await Deno.utime(path, modified, modified);
  return { blob, lastModified: signature.lastModified };
}

/** The signature `fileName` as one mirror has it; null when it has none. */
async function fetchSignature(
  access: Upstream,
  mirror: Mirror,
  repository: Repository,
  fileName: string,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; lastModified: string | null } | null> {
  const largest = maxBytesOf("signature");
  try {
    const body = await access.open({
      repository,
      fileName,
      only: [mirror],
      quick: true,
      headersFor: () => ({}),
      accept: async (body) => {
        checkHeaders({
          kind: "signature",
          headers: body.headers,
          size: body.length,
          expectedSize: null,
        });
        const bytes = await body.peek(largest + 1);
        checkBeginning("signature", fileName, bytes);
        if (bytes.length > largest || (body.length !== null && body.length !== bytes.length)) {
          throw new PkgstashError("content", `sent a signature of another length than it said`);
        }
      },
      signal,
    });
    const bytes = await body.peek(largest);
    body.close();
    return { bytes, lastModified: body.headers.get("last-modified") };
  } catch (error) {
    if (error instanceof PkgstashError && error.kind === "not_found") return null;
    throw error;
  }
}

/** A database as it was copied from a mirror. */
export interface CopiedDatabase {
  path: string;
  lastModified: string | null;
  etag: string | null;
}

/** Throws `MirrorRefusal` "different" unless `mirror` still has the database that was copied. */
async function confirmUnchanged(
  access: Upstream,
  mirror: Mirror,
  repository: Repository,
  copy: CopiedDatabase,
  signal: AbortSignal,
): Promise<void> {
  const fileName = `${repository.name}.db`;
  const { lastModified, etag } = copy;
  const body = await access.open({
    repository,
    fileName,
    only: [mirror],
    conditional: true,
    headersFor: () => ({
      ...(lastModified === null ? {} : { "if-modified-since": lastModified }),
      ...(etag === null ? {} : { "if-none-match": etag }),
    }),
    accept: () => Promise.resolve(),
    signal,
  });
  try {
    if (!await isUnchanged(body, copy)) throw changedMeanwhile(mirror, fileName);
  } finally {
    body.close();
  }
}

/** The refusal of a mirror that is in the middle of an update. */
export function changedMeanwhile({ name }: Mirror, fileName: string): MirrorRefusal {
  return new MirrorRefusal("different", `${name} changed ${fileName} while it was being copied`);
}

async function isUnchanged(body: MirrorResponse, copy: CopiedDatabase): Promise<boolean> {
  const { status, headers, length } = body;
  if (status === 304) return true;
  if (copy.lastModified !== null) {
    // Entity tags of one file differ between the machines behind one name.
    const { size } = await Deno.stat(copy.path);
    return headers.get("last-modified") === copy.lastModified && (length ?? size) === size;
  }
  if (copy.etag !== null) return headers.get("etag") === copy.etag;
  const now = createHash("sha256");
  for (let chunk; (chunk = await body.read()) !== null;) now.update(chunk);
  const then = createHash("sha256");
  using file = await Deno.open(copy.path);
  for await (const chunk of file.readable) then.update(chunk);
  return now.digest("hex") === then.digest("hex");
}

/**
 * Whether a detached signature was made of the file at `path`, as far as can be told without a key:
 * a mirror in the middle of an update has a signature for another database than the one it has.
 * True for signatures of a kind that is not understood.
 */
export async function belongsTogether(signature: Uint8Array, path: string): Promise<boolean> {
  for (const { hash, trailer, left } of readSignature(signature) ?? []) {
    const digest = createHash(hash);
    using file = await Deno.open(path);
    for await (const chunk of file.readable) digest.update(chunk);
    const [first, second] = digest.update(trailer).digest();
    if (first !== left[0] || second !== left[1]) return false;
  }
  return true;
}
