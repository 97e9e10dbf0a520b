import type { CacheLayout } from "../../mirroring/cache/cache_layout.ts";
import { type PackageFile, type RepositoryTree, withKind } from "../../repositories/repository.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { classifyRepositoryFile } from "../../formats/pacman/repository_file_name.ts";
import { sendFile } from "../../repositories/send_file.ts";
import { textResponse } from "../text_response.ts";

/**
 * `GET /cache/<file>`: a cached package by its name alone, for pacman's CacheServer. Nothing is
 * fetched. A name that different repositories have for different files is not answered either:
 * pacman would stop at a wrong one instead of going on to its next server.
 */
export async function flatCacheRoute(
  request: Request,
  fileName: string,
  tree: RepositoryTree,
  layout: CacheLayout,
): Promise<Response> {
  const found = await Promise.all(
    candidates(fileName, tree).map(async (file) => {
      const path = layout.fileOf(file);
      return { path, info: await statIfPresent(path) };
    }),
  );
  const present = found.filter(({ info }) => info?.isFile);
  const [first, ...others] = present;
  const response = first === undefined || !others.every(({ info }) => isSame(info!, first.info!))
    ? null
    : await sendFile(request, { path: first.path, fileName, status: "HIT" });
  return response ?? textResponse(404, "There is no such file in the cache.");
}

/** As mirrors tell it: by length and time, where there is one. */
function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  const time = a.mtime?.getTime() ?? 0;
  return a.size === b.size && time !== 0 && time === b.mtime?.getTime();
}

function candidates(fileName: string, tree: RepositoryTree): PackageFile[] {
  const files: PackageFile[] = [];
  for (const repository of tree.repositories) {
    const kind = classifyRepositoryFile(fileName, repository.name);
    if (kind === null || kind.kind === "snapshot") continue;
    const file = withKind(repository, fileName, kind);
    if (file.kind !== "snapshot") files.push(file);
  }
  return files;
}
