import { escape } from "@std/html/entities";
import { join } from "@std/path";
import type { CacheLayout } from "../../mirroring/cache/cache_layout.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { bytesText } from "../../config/quantities.ts";
import { classifyRepositoryFile } from "../../formats/pacman/repository_file_name.ts";
import type { Snapshots } from "../../mirroring/databases/snapshots.ts";

interface Row {
  /** As shown and, percent-encoded, as linked. */
  name: string;
  size?: number;
  modified?: Date | null;
}

/**
 * A page for people: what is cached in a directory that the mirror has, or null if it has none of
 * that name. `directory` has no slash at its end.
 */
export async function listingRoute(
  directory: string,
  tree: RepositoryTree,
  layout: CacheLayout,
  snapshots: Snapshots,
): Promise<Response | null> {
  const repository = tree.repositoryAt(directory);
  const children = tree.childrenOf(directory);
  if (repository === null && children === null) return null;
  const rows = [
    ...(directory === "" ? [] : [{ name: "../" }]),
    ...(children ?? []).map((name) => ({ name: `${name}/` })),
    ...(repository === null ? [] : await cachedFiles(repository, layout, snapshots)),
  ];
  return new Response(page(`/${directory}${directory === "" ? "" : "/"}`, rows), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

async function cachedFiles(
  repository: Repository,
  layout: CacheLayout,
  snapshots: Snapshots,
): Promise<Row[]> {
  const rows: Row[] = [];
  const add = async (name: string, path: string) => {
    const info = await statIfPresent(path);
    if (info?.isFile) rows.push({ name, size: info.size, modified: info.mtime });
  };
  const snapshot = await snapshots.current(repository);
  for (const [member, { blob }] of Object.entries(snapshot?.members ?? {})) {
    await add(`${repository.name}.${member}`, snapshots.pathOf(repository, blob));
  }
  const directory = layout.directoryOf(repository);
  for (const name of await namesIn(directory)) {
    const kind = classifyRepositoryFile(name, repository.name);
    if (kind !== null && kind.kind !== "snapshot") await add(name, join(directory, name));
  }
  return rows.sort((a, b) => a.name < b.name ? -1 : 1);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A relative link; without the dot, "name-1:2.0" would be an address of the scheme "name-1". */
function linkTo(name: string): string {
  return escape(`./${encodeURI(name).replace(/[?#]/g, encodeURIComponent)}`);
}

function page(title: string, rows: Row[]): string {
  const cells = rows.map(({ name, size, modified }) =>
    `<tr><td><a href="${linkTo(name)}">${escape(name)}</a></td><td class="n">${
      size === undefined ? "" : bytesText(size)
    }</td><td>${
      modified?.getTime() ? modified.toISOString().slice(0, 16).replace("T", " ") : ""
    }</td></tr>`
  );
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { padding: .1rem 1rem .1rem 0; text-align: left; overflow-wrap: anywhere }
.n { text-align: right; white-space: nowrap }
</style></head>
<body><h1>${escape(title)}</h1>
<table><tr><th>Name</th><th class="n">Size</th><th>Date (UTC)</th></tr>
${cells.join("\n")}
</table></body></html>
`;
}
