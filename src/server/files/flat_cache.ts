import { type PackageFile, type RepositoryTree, withKind } from "../../repositories/repository.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { classifyRepositoryFile } from "../../formats/pacman/repository_file_name.ts";
import { sendFile } from "../../repositories/send_file.ts";
import { textResponse } from "../responses.ts";
import type { Mirroring } from "../../mirroring/mirroring.ts";

/**
 * `GET /cache/<file>`: a cached package by its file name alone, for pacman's CacheServer. Nothing is
 * fetched. A name that means different files in different repositories is 404: pacman would stop at
 * a wrong file instead of trying its next server.
 */
export async function flatCacheRoute(
  request: Request,
  fileName: string,
  { tree, layout, index }: Pick<Mirroring, "tree" | "layout" | "index">,
): Promise<Response> {
  const found = await Promise.all(
    filesNamed(fileName, tree).map(async (file) => {
      const path = layout.fileOf(file);
      return { file, path, info: await statIfPresent(path) };
    }),
  );
  const present = found.flatMap(({ file, path, info }) =>
    info?.isFile ? [{ file, path, info }] : []
  );
  const [first, ...others] = present;
  const response = first === undefined || !others.every(({ info }) => isSame(info, first.info))
    ? null
    : await sendFile(request, { path: first.path, fileName, status: "HIT" });
  if (response === null) return textResponse(404, "There is no such file in the cache.");
  if (request.method === "GET") {
    for (const { file } of present) index.recordUse(file, Date.now());
  }
  return response;
}

/** Compares files as HTTP caches do: by size and date. Undated files are never the same. */
function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  const time = a.mtime?.getTime() ?? 0;
  return a.size === b.size && time !== 0 && time === b.mtime?.getTime();
}

function filesNamed(fileName: string, tree: RepositoryTree): PackageFile[] {
  const files: PackageFile[] = [];
  for (const repository of tree.repositories) {
    const kind = classifyRepositoryFile(fileName, repository.name);
    if (kind === null || kind.kind === "snapshot") continue;
    const file = withKind(repository, fileName, kind);
    if (file.kind !== "snapshot") files.push(file);
  }
  return files;
}
