import { sortedInSlices } from "../../async/time_slice.ts";
import type { CacheLayout } from "../../mirroring/cache/cache_layout.ts";
import type { Snapshots } from "../../mirroring/databases/snapshots.ts";
import type { Mirroring } from "../../mirroring/mirroring.ts";
import { classifyRepositoryFile } from "../../formats/pacman/repository_file_name.ts";
import { statIfPresent } from "../../platform/files/durable.ts";
import { filesIn } from "../../platform/files/plain_directory.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import type { Repository } from "../../repositories/repository.ts";
import { ListingPage, type Row } from "./listing_page.ts";

/** Total size of the pages kept; one with 28,000 files has about 6 MB. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
/**
 * While slow clients are still being sent older pages of more than this size in total, the kept
 * pages serve even if their directories have changed.
 */
const MAX_READ_BYTES = 64 * 1024 * 1024;
/**
 * A directory that changed this shortly before it was read may change again with the same
 * timestamp.
 */
const SETTLED_MS = 2_000;
/** A page serves for this many times its creation time, however often its directory changes. */
const SERVED_TIMES = 10;

type Needs = Pick<Mirroring, "tree" | "layout" | "snapshots">;
type OwnFiles = Pick<Publishing, "tree" | "filesOf">;

/** A page of a repository's directory, and what it was made from. */
interface KeptPage {
  readonly page: ListingPage;
  /** Differs if the directory or the database has changed. */
  readonly version: string;
  /** Whether any later change is sure to yield another version. */
  readonly isSettled: boolean;
  /** It serves until this time in any case; by `performance.now()`. */
  freshUntil: number;
}

/** Pages with the cached files of each directory. Each is made once for all requests meanwhile. */
export class Listings {
  /** By directory; most recently made last. */
  readonly #kept = new Map<string, KeptPage>();
  /** Pages that are no longer kept, but may still be in transit. */
  readonly #older = new Set<ListingPage>();
  readonly #maxReadBytes: number;

  constructor(maxReadBytes = MAX_READ_BYTES) {
    this.#maxReadBytes = maxReadBytes;
  }

  /** A page of a directory, whose path has no trailing slash. */
  async respond(directory: string, needs: Needs, own: OwnFiles): Promise<Response> {
    const { tree } = needs;
    const repository = tree.repositoryAt(directory);
    const names = [...tree.childrenOf(directory) ?? [], ...own.tree.childrenOf(directory) ?? []];
    const folders = [
      ...(directory === "" ? [] : [{ name: "../" }]),
      ...[...new Set(names)].sort().map((name) => ({ name: `${name}/` })),
    ];
    const page = repository === null
      ? new ListingPage(directory, ownRows(directory, folders, own))
      : await this.#pageOf(repository, folders, needs);
    return await page.respond();
  }

  async #pageOf(
    repository: Repository,
    folders: readonly Row[],
    { layout, snapshots }: Needs,
  ): Promise<ListingPage> {
    const { directory } = repository;
    const changed = (await statIfPresent(layout.directoryOf(repository)))?.mtime?.getTime() ?? 0;
    const snapshot = await snapshots.current(repository);
    const version = `${changed} ${snapshot?.generation}`;
    const kept = this.#kept.get(directory);
    const isCurrent = kept !== undefined &&
      (performance.now() < kept.freshUntil || kept.isSettled && kept.version === version);
    if (isCurrent || kept !== undefined && this.#isCrowded()) return kept.page;
    const startedAt = performance.now();
    const isSettled = Date.now() - changed > SETTLED_MS;
    const rows = cachedFiles(repository, layout, snapshots)
      .then((files) => [...folders, ...files]);
    const made = {
      page: new ListingPage(directory, rows),
      version,
      isSettled,
      freshUntil: Infinity,
    };
    this.#drop(directory);
    this.#kept.set(directory, made);
    made.page.done.then(() => {
      const now = performance.now();
      made.freshUntil = now + SERVED_TIMES * (now - startedAt);
      this.#evict();
    }, () => {
      if (this.#kept.get(directory) === made) this.#kept.delete(directory);
    });
    return made.page;
  }

  #evict(): void {
    let bytes = [...this.#kept.values()].reduce((sum, { page }) => sum + page.bytes, 0);
    for (const [directory, { page }] of this.#kept) {
      if (bytes <= MAX_KEPT_BYTES) break;
      this.#drop(directory);
      bytes -= page.bytes;
    }
  }

  #drop(directory: string): void {
    const kept = this.#kept.get(directory);
    if (kept !== undefined) this.#older.add(kept.page);
    this.#kept.delete(directory);
  }

  /** Whether slow clients hold too much of older pages. */
  #isCrowded(): boolean {
    let bytes = 0;
    for (const page of this.#older) {
      if (page.isRead) bytes += page.bytes;
      else this.#older.delete(page);
    }
    return bytes > this.#maxReadBytes;
  }
}

/** The folders, and the files if it is the directory of an own repository. */
async function ownRows(
  directory: string,
  folders: readonly Row[],
  { tree, filesOf }: OwnFiles,
): Promise<readonly Row[]> {
  const repository = tree.repositoryAt(directory);
  return repository === null ? folders : [...folders, ...await filesOf(repository)];
}

async function cachedFiles(
  repository: Repository,
  layout: CacheLayout,
  snapshots: Snapshots,
): Promise<Row[]> {
  const rows: Row[] = [];
  const snapshot = await snapshots.current(repository);
  for (const [member, { blob }] of Object.entries(snapshot?.members ?? {})) {
    const info = await statIfPresent(snapshots.pathOf(repository, blob));
    if (!info?.isFile) continue;
    const modified = info.mtime?.getTime() ?? 0;
    rows.push({ name: `${repository.name}.${member}`, size: info.size, modified });
  }
  const directory = layout.directoryOf(repository);
  if (await statIfPresent(directory) === null) return rows;
  const isPackage = (name: string) => {
    const kind = classifyRepositoryFile(name, repository.name);
    return kind !== null && kind.kind !== "snapshot";
  };
  const packages = await filesIn(directory, isPackage);
  return await sortedInSlices([...rows, ...packages], (a, b) => a.name < b.name ? -1 : 1);
}
