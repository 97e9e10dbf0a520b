import { classifyRepositoryFile } from "../../formats/pacman/repository_file_name.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import type { Mirroring } from "../../mirroring/mirroring.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import {
  type PackageFile,
  type Repository,
  type RepositoryTree,
  withKind,
} from "../../repositories/repository.ts";
import { sendFile } from "../../repositories/send_file.ts";
import { textResponse } from "../responses.ts";

type Needs = Pick<
  Mirroring,
  "tree" | "layout" | "index" | "cutFiles" | "snapshots" | "refuseResume"
>;

/** A cached file and what distinguishes it from others with the same name. */
interface Candidate {
  readonly file: PackageFile;
  readonly path: string;
  /** Null if it is not cached. */
  readonly info: Deno.FileInfo | null;
  /** What the served database says; null if it does not list the file or is unknown. */
  readonly sha256: string | null;
  /** Whether a served database says what the repository contains. */
  readonly isKnown: boolean;
}

interface CachedFile extends Candidate {
  readonly info: Deno.FileInfo;
}

/**
 * `GET /cache/<upstream>/<file>` and `GET /cache/<file>`: a cached package by file name alone, for
 * pacman's CacheServer. Nothing is fetched. A name that stands, or may stand, for different files
 * is a 404, even if only one of them is cached: a wrong file would make pacman stop instead of
 * trying its next server. `onFile` is called with the file found.
 */
export async function flatCacheRoute(
  request: Request,
  path: string,
  needs: Needs,
  onFile: (file: PackageFile) => void = () => {},
): Promise<Response> {
  const [fileName = "", upstream, ...rest] = path.split("/").reverse();
  const candidates = rest.length > 0 ? [] : await candidatesFor(fileName, upstream, needs);
  const cached = candidates.flatMap(({ info, ...each }) => info?.isFile ? [{ ...each, info }] : []);
  const [first, ...others] = cached;
  if (first !== undefined) onFile(first.file);
  const response = first === undefined || isAmbiguous(candidates, first) ||
      !others.every((other) => isSame(other, first, needs.index))
    ? null
    : await refuseResume(cached, request, needs) ??
      await sendFile(request, { path: first.path, fileName, status: "HIT" });
  if (response === null) return textResponse(404, "No such file in the cache.");
  if (request.method === "GET") {
    for (const { file } of cached) needs.index.recordUse(file, Date.now());
  }
  return response;
}

/** See `PackageRequests.refuseResume`. */
async function refuseResume(
  cached: readonly CachedFile[],
  request: Request,
  needs: Needs,
): Promise<Response | null> {
  const refusals = cached.map(({ file }) => needs.refuseResume(file, request));
  return (await Promise.all(refusals)).find((refusal) => refusal !== null) ?? null;
}

/**
 * Whether the name stands, or may stand, for packages other than the cached one: because databases
 * say so, or because another architecture may have a package with that name and its database has
 * not been requested.
 */
function isAmbiguous(candidates: readonly Candidate[], { file }: Candidate): boolean {
  const digests = new Set(candidates.flatMap(({ sha256 }) => sha256 ?? []));
  if (digests.size > 1) return true;
  const { architecture = "any" } = parsePackageFileName(packageOf(file.fileName)) ?? {};
  return candidates.some(({ file: { repository }, isKnown, info }) =>
    !isKnown && info === null && repository.architecture !== file.repository.architecture &&
    (architecture === "any" || architecture === repository.architecture)
  );
}

function packageOf(fileName: string): string {
  return fileName.replace(/\.sig$/, "");
}

/** Whether two cached files have the same content. Where that is unknown, size and date decide. */
function isSame(a: CachedFile, b: CachedFile, index: Needs["index"]): boolean {
  const [digest, other] = [a, b].map(({ file: { repository, fileName } }) =>
    index.digestOf(repository.directory, fileName) ?? undefined
  );
  if (digest !== undefined && other !== undefined) return digest === other;
  const time = a.info.mtime?.getTime() ?? 0;
  // Undated files are never considered the same.
  return a.info.size === b.info.size && time !== 0 && time === b.info.mtime?.getTime();
}

/** The file in every repository that may have it: of one upstream, or of all. */
function candidatesFor(
  fileName: string,
  upstream: string | undefined,
  { tree, layout, cutFiles, snapshots }: Needs,
): Promise<Candidate[]> {
  return Promise.all(
    filesNamed(fileName, upstream, tree).map(async (file) => {
      await cutFiles.makeWay(file);
      const path = layout.fileOf(file);
      const info = await statIfPresent(path);
      const packages = await snapshots.packagesOf(file.repository).catch(() => null);
      // A signature is as unambiguous as its package.
      const expected = packages?.get(packageOf(fileName));
      return { file, path, info, sha256: expected?.sha256 ?? null, isKnown: packages !== null };
    }),
  );
}

function filesNamed(
  fileName: string,
  upstream: string | undefined,
  tree: RepositoryTree,
): PackageFile[] {
  const isWanted = (repository: Repository) =>
    upstream === undefined || repository.upstream === upstream;
  return [...tree.repositories].filter(isWanted).flatMap((repository) => {
    const kind = classifyRepositoryFile(fileName, repository.name);
    if (kind === null || kind.kind === "snapshot") return [];
    const file = withKind(repository, fileName, kind);
    return file.kind === "snapshot" ? [] : [file];
  });
}
