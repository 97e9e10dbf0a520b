import { PkgstashError } from "../../errors.ts";
import type { ExtraFile } from "../../repositories/extra_file.ts";
import type { RepositoryFile } from "../../repositories/repository.ts";
import { sendFile } from "../../repositories/send_file.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Snapshots } from "../databases/snapshots.ts";

/**
 * Answers a GET or HEAD from the cache, without asking a mirror; never for an extra path, which
 * follows other rules. Throws `not_found` otherwise.
 */
export async function respondFromCache(
  file: RepositoryFile | ExtraFile,
  request: Request,
  sources: { layout: CacheLayout; snapshots: Pick<Snapshots, "current" | "pathOf"> },
): Promise<Response> {
  const { fileName } = file;
  const path = await pathOf(file, sources);
  const response = path === null
    ? null
    : await sendFile(request, { path, fileName, status: "HIT" });
  if (response !== null) return response;
  throw new PkgstashError("not_found", `Cannot get ${fileName}: it is not in the cache.`);
}

async function pathOf(
  file: RepositoryFile | ExtraFile,
  { layout, snapshots }: Parameters<typeof respondFromCache>[2],
): Promise<string | null> {
  if (file.kind === "extra") return null;
  if (file.kind !== "snapshot") return layout.fileOf(file);
  const member = (await snapshots.current(file.repository))?.members[file.member];
  return member === undefined ? null : snapshots.pathOf(file.repository, member.blob);
}
