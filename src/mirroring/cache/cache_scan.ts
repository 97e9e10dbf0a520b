import { join } from "@std/path";
import { TimeSlice } from "../../async/time_slice.ts";
import { reasonOf } from "../../errors.ts";
import { isSafeFileName, parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import {
  filesIn,
  plainDirectory,
  seeFile,
  type SeenFile,
} from "../../platform/files/plain_directory.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { RepositoryTree } from "../../repositories/repository.ts";
import type { CacheIndex, FileOnDisk, IndexedFile } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import type { CutFiles } from "./cut_files.ts";
import type { StoredExtra } from "./extra_scan.ts";
import { findDirectoryLeftovers, findStateLeftovers, type Leftover } from "./leftovers.ts";
import { recordedFiles } from "./recorded_files.ts";

const log = eventLogger("cache");

/** How many records to correct in one transaction. */
const RECORDS_AT_A_TIME = 500;

/**
 * A package on disk, its signature, and what the index knows about them. Sizes are in bytes, times
 * in milliseconds since the epoch.
 */
export interface StoredPackage {
  /** Path below the cache's root: `directory/fileName`. */
  readonly path: string;
  /** The repository's directory, like `core/os/x86_64`. */
  readonly directory: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly file: SeenFile;
  /** Null if it is not cached. */
  readonly signature: SeenFile | null;
  /** Total size of the package and its signature. */
  readonly bytes: number;
  /** When a client last took the package, or when it was fetched. */
  readonly usedAt: number;
  readonly fetchedAt: number;
  /** How often clients have taken the package. */
  readonly uses: number;
}

/** The content of the cache directory. */
export interface CacheScan {
  readonly packages: readonly StoredPackage[];
  readonly extras: readonly StoredExtra[];
  readonly leftovers: readonly Leftover[];
  /** Files that are kept for a while, unless space is needed. */
  readonly spares: readonly Leftover[];
  /** Total size of all packages, signatures, databases and part files. */
  readonly bytes: number;
}

export interface CacheScanOptions {
  layout: CacheLayout;
  tree: RepositoryTree;
  index: CacheIndex;
  cutFiles: Pick<CutFiles, "isSearched" | "markSearched" | "setAside">;
  /** Whether a file, named by its path below the cache's root, is being downloaded. */
  isInFlight: (path: string) => boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The files in a repository's directory. */
interface Listing {
  directory: string;
  files: readonly SeenFile[];
}

/**
 * Scans the directories of the configured repositories, and of those that only the index knows, and
 * updates the index to match the disk; the first scan sets truncated files aside. Skips symbolic
 * links, and files whose names are not pkgstash's.
 */
export async function scanCache(options: CacheScanOptions): Promise<CacheScan> {
  const { layout, index, cutFiles } = options;
  const packages: StoredPackage[] = [];
  const state = await findStateLeftovers(options).catch((error) => {
    logSkipped(".pkgstash", error);
    return { leftovers: [], spares: [], extras: [], bytes: 0 };
  });
  const leftovers = [...state.leftovers];
  let { bytes } = state;
  for (const directory of repositoryDirectories(options)) {
    try {
      const path = await plainDirectory(layout.root, directory);
      const files = path === null ? [] : await filesIn(path, isOurs);
      const records = await Array.fromAsync(recordedFiles(index, directory));
      const joined = await joinIndex({ directory, files }, records, options);
      for (const stored of joined) packages.push(stored);
      leftovers.push(...await findDirectoryLeftovers(directory, files, options));
      for (const { size } of files) bytes += size;
    } catch (error) {
      logSkipped(directory, error);
    }
    cutFiles.markSearched(directory);
  }
  return { packages, extras: state.extras, leftovers, spares: state.spares, bytes };
}

/** Examines one package file like `scanCache`; null if it is not in the cache. */
export async function scanPackage(
  directory: string,
  fileName: string,
  options: CacheScanOptions,
): Promise<StoredPackage | null> {
  const { layout, tree, index } = options;
  if (parsePackageFileName(fileName) === null) return null;
  const isKnown = tree.repositoryAt(directory) !== null ||
    repositoryDirectories(options).has(directory);
  if (!isKnown) return null;
  try {
    const path = await plainDirectory(layout.root, directory);
    const seen = path === null
      ? []
      : await Promise.all([seeFile(path, fileName), seeFile(path, `${fileName}.sig`)]);
    const files = seen.flatMap((file) => file ?? []);
    const record = index.file(directory, fileName);
    const records = record === null ? [] : [record];
    const [stored] = await joinIndex({ directory, files }, records, options);
    return stored ?? null;
  } catch (error) {
    logSkipped(directory, error);
    return null;
  }
}

function logSkipped(directory: string, error: unknown): void {
  log.warn("cannot read a cache directory, skipping it", { directory, reason: reasonOf(error) });
}

function repositoryDirectories({ tree, index }: CacheScanOptions): Set<string> {
  const directories = new Set([...tree.repositories].map(({ directory }) => directory));
  for (const directory of index.directories()) {
    // Whatever a damaged index says, the scan must not leave the cache.
    if (directory.split("/").every(isSafeFileName)) directories.add(directory);
  }
  return directories;
}

/** Whether pkgstash writes files of this name into a repository's directory. */
function isOurs(name: string): boolean {
  return parsePackageFileName(packageOf(name)) !== null;
}

/** The package that a signature or temporary file belongs to, judging by its name. */
function packageOf(name: string): string {
  return name.replace(/\.[0-9a-f]{8}\.new$/, "").replace(/\.sig$/, "");
}

/** The packages among the files, joined with their records; corrects wrong records. */
async function joinIndex(
  { directory, files }: Listing,
  recorded: readonly IndexedFile[],
  { layout, index, cutFiles, now }: CacheScanOptions,
): Promise<StoredPackage[]> {
  const slice = new TimeSlice();
  const onDisk = new Map<string, SeenFile>();
  for (const file of files) {
    onDisk.set(file.name, file);
    if (slice.isOver) await slice.renew();
  }
  const records = new Map<string, IndexedFile>();
  for (const record of recorded) {
    records.set(record.fileName, record);
    if (slice.isOver) await slice.renew();
  }
  if (!cutFiles.isSearched(directory)) {
    for (const { fileName, size } of recorded) {
      if (slice.isOver) await slice.renew();
      if (onDisk.get(fileName)?.size === size) continue;
      await cutFiles.setAside(directory, fileName);
      const left = await seeFile(join(layout.root, directory), fileName);
      if (left === null) onDisk.delete(fileName);
      else onDisk.set(fileName, left);
    }
  }
  const stored: StoredPackage[] = [];
  const found: FileOnDisk[] = [];
  for (const file of onDisk.values()) {
    if (slice.isOver) await slice.renew();
    const parsed = parsePackageFileName(file.name);
    if (parsed === null) continue;
    const record = records.get(file.name);
    // A record written after the file was examined is right.
    if (record === undefined || (record.size !== file.size && record.fetchedAt < now)) {
      found.push({ fileName: file.name, size: file.size, since: file.changed });
    }
    const signature = onDisk.get(`${file.name}.sig`) ?? null;
    stored.push({
      path: `${directory}/${file.name}`,
      directory,
      fileName: file.name,
      name: parsed.name,
      version: parsed.version,
      file,
      signature,
      bytes: file.size + (signature?.size ?? 0),
      usedAt: record?.usedAt ?? now,
      fetchedAt: record?.fetchedAt ?? Math.min(file.changed, now),
      uses: record?.uses ?? 0,
    });
  }
  const lost: IndexedFile[] = [];
  for (const record of recorded) {
    if (slice.isOver) await slice.renew();
    if (onDisk.has(record.fileName)) continue;
    // The file may have arrived after the directory was listed, or with the directory.
    const exists = await seeFile(join(layout.root, directory), record.fileName) !== null;
    if (!exists) lost.push(record);
  }
  for (let start = 0; start < Math.max(found.length, lost.length); start += RECORDS_AT_A_TIME) {
    const end = start + RECORDS_AT_A_TIME;
    index.reconcile(
      directory,
      { found: found.slice(start, end), lost: lost.slice(start, end) },
      now,
    );
    await slice.renew();
  }
  return stored;
}
