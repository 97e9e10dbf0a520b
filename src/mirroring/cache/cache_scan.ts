import type { CacheIndex, FileOnDisk, IndexedFile } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import type { RepositoryTree } from "../../repositories/repository.ts";
import { reasonOf } from "../../errors.ts";
import {
  filesIn,
  plainDirectory,
  seeFile,
  type SeenFile,
} from "../../platform/files/plain_directory.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { isSafeFileName, parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { findDirectoryLeftovers, findStateLeftovers, type Leftover } from "./leftovers.ts";

const log = eventLogger("cleanup");

/** After how many files others get their turn. */
const SLICE = 2000;

/** A package on disk with its signature, if it has one, and what the index knows of it. */
export interface StoredPackage {
  readonly directory: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly file: SeenFile;
  readonly signature: SeenFile | null;
  /** Of both. */
  readonly bytes: number;
  readonly usedAt: number;
  readonly fetchedAt: number;
}

export interface Inventory {
  readonly packages: readonly StoredPackage[];
  readonly leftovers: readonly Leftover[];
  /** Bytes of all packages, signatures, databases and part files. */
  readonly bytes: number;
}

export interface InventoryOptions {
  layout: CacheLayout;
  tree: RepositoryTree;
  index: CacheIndex;
  /** Whether a file, named by its path below the cache's root, is being transferred. */
  isInFlight: (key: string) => boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Looks at all that the cache has on disk, in the repositories of the configuration and in those
 * that only the index remembers, and brings the index into line with it. Other files than those
 * that pkgstash makes are passed over, and so is what lies behind symbolic links.
 */
export async function takeInventory(options: InventoryOptions): Promise<Inventory> {
  const { layout, tree, index } = options;
  const directories = new Set([...tree.repositories].map(({ directory }) => directory));
  for (const directory of index.directories()) {
    // A name that the index could not have from here might lead out of the cache.
    if (directory.split("/").every(isSafeFileName)) directories.add(directory);
  }
  const packages: StoredPackage[] = [];
  const state = await findStateLeftovers(options).catch((error) => {
    log.warn("directory left alone", { directory: ".pkgstash", reason: reasonOf(error) });
    return { leftovers: [], bytes: 0 };
  });
  const leftovers = [...state.leftovers];
  let { bytes } = state;
  for (const directory of directories) {
    try {
      const path = await plainDirectory(layout.root, directory);
      const files = path === null ? [] : await filesIn(path, isOurs);
      const stored = await joinIndex(directory, path, files, options);
      packages.push(...stored);
      leftovers.push(...findDirectoryLeftovers(directory, files, options));
      for (const { size } of files) bytes += size;
    } catch (error) {
      log.warn("directory left alone", { directory, reason: reasonOf(error) });
    }
  }
  return { packages, leftovers, bytes };
}

/** Whether a name in a repository's directory is one that pkgstash gives. */
function isOurs(name: string): boolean {
  return parsePackageFileName(packageOf(name)) !== null;
}

/** The package that a signature or a temporary file belongs to, by its name. */
function packageOf(name: string): string {
  return name.replace(/\.[0-9a-f]{8}\.new$/, "").replace(/\.sig$/, "");
}

async function joinIndex(
  directory: string,
  path: string | null,
  files: readonly SeenFile[],
  { index, now }: InventoryOptions,
): Promise<StoredPackage[]> {
  const onDisk = new Map(files.map((file) => [file.name, file]));
  const records = new Map(index.files(directory).map((record) => [record.fileName, record]));
  const stored: StoredPackage[] = [];
  const found: FileOnDisk[] = [];
  for (const file of files) {
    const parsed = parsePackageFileName(file.name);
    if (parsed === null) continue;
    if (stored.length % SLICE === SLICE - 1) await eventLoopTurn();
    const record = records.get(file.name);
    // A record that is newer than this look at the file knows better.
    if (record === undefined || (record.size !== file.size && record.fetchedAt < now)) {
      found.push({ fileName: file.name, size: file.size, since: file.changed });
    }
    const signature = onDisk.get(`${file.name}.sig`) ?? null;
    stored.push({
      directory,
      fileName: file.name,
      name: parsed.name,
      version: parsed.version,
      file,
      signature,
      bytes: file.size + (signature?.size ?? 0),
      usedAt: record?.usedAt ?? now,
      fetchedAt: record?.fetchedAt ?? Math.min(file.changed, now),
    });
  }
  const lost: IndexedFile[] = [];
  for (const record of records.values()) {
    if (onDisk.has(record.fileName)) continue;
    // It may have come since the directory was read.
    const isThere = path !== null && await seeFile(path, record.fileName) !== null;
    if (!isThere) lost.push(record);
  }
  for (let start = 0; start < Math.max(found.length, lost.length); start += SLICE) {
    const end = start + SLICE;
    index.reconcile(
      directory,
      { found: found.slice(start, end), lost: lost.slice(start, end) },
      now,
    );
    await eventLoopTurn();
  }
  return stored;
}
