import type { Repository } from "../../repositories/repository.ts";
import type { Download } from "../downloads/download.ts";
import type { Upstream } from "../mirrors/upstream.ts";
import { PkgstashError } from "../../errors.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import { parseHttpDate } from "../../formats/http/http_date.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { SnapshotMember } from "../../formats/pacman/repository_file_name.ts";
import { belongsTogether } from "./signature_check.ts";
import {
  changedMeanwhile,
  confirmUnchanged,
  type CopiedDatabase,
  fetchSignature,
} from "./small_file.ts";
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
