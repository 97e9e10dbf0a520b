import { sortedInSlices, TimeSlice } from "../../async/time_slice.ts";
import { reasonOf } from "../../errors.ts";
import { packageMatcher } from "../../formats/pacman/package_pattern.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import {
  type CacheScan,
  type CacheScanOptions,
  scanCache,
  scanPackage,
  type StoredPackage,
} from "./cache_scan.ts";
import type { StoredExtra } from "./extra_scan.ts";

const log = eventLogger("cache");

/** A cached package and what protects it from cleanup. */
export interface CachedPackage extends StoredPackage {
  readonly pinned: boolean;
  /** Whether the package or its signature is being downloaded. */
  readonly inFlight: boolean;
  /** Whether the served database lists the file; null if that is unknown. */
  readonly current: boolean | null;
}

/** A cached file of `extra_paths`. No database lists it, and no pin protects it. */
export interface CachedExtra extends StoredExtra {
  readonly pinned: false;
  readonly inFlight: boolean;
  readonly current: false;
}

/** The complete content of the cache directory. */
export interface CacheContents extends CacheScan {
  readonly packages: readonly CachedPackage[];
  readonly extras: readonly CachedExtra[];
}

/** The file names in a database. */
export type FileNames = Pick<ReadonlySet<string>, "has">;

/** What protects packages from cleanup. */
export interface Protection {
  /** Patterns, as in `pinned_packages`. */
  readonly pins: readonly string[];
  /**
   * The listed files, by directory; null without a reliable database. The object stays the same
   * until something changes.
   */
  readonly listed: ReadonlyMap<string, FileNames | null>;
}

/** The databases of directories that are no longer configured list nothing. */
const NOTHING_LISTED: FileNames = new Set();

export interface InventoryOptions {
  layout: CacheLayout;
  index: CacheIndex;
  cutFiles: CacheScanOptions["cutFiles"];
  /** Called on each use, since the configuration may change. */
  tree: () => RepositoryTree;
  settings: () => { readonly pinnedPackages: readonly string[] };
  /** The downloads in flight, by path of the file below the cache's root. */
  downloads: { get(path: string): object | null };
  /**
   * The packages of the served database; null if there is none, it is unreadable, or its last
   * refresh failed.
   */
  snapshots: { trustedPackagesOf(repository: Repository): Promise<FileNames | null> };
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** Lists the content of the cache, and brings the index into line with the disk meanwhile. */
export class Inventory {
  readonly #options: InventoryOptions;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** Brings the index into line with the disk; fills it from the files if it was lost. */
  async reconcile(): Promise<void> {
    await scanCache(this.#scanOptions());
  }

  /** Scans the whole cache directory. */
  async take(): Promise<CacheContents> {
    const scan = await scanCache(this.#scanOptions());
    const extras = scan.extras.map((stored) => ({
      ...stored,
      pinned: false as const,
      inFlight: this.isInFlight(stored),
      current: false as const,
    }));
    return { ...scan, packages: await this.#describe(scan.packages), extras };
  }

  /** All files of `extra_paths` in the cache, by path. */
  async extras(): Promise<CachedExtra[]> {
    const { extras } = await this.take();
    return extras.toSorted((a, b) => a.path < b.path ? -1 : 1);
  }

  /** All packages in the cache, by path. */
  async packages(): Promise<CachedPackage[]> {
    const { packages } = await this.take();
    return await sortedInSlices(packages, (a, b) => a.path < b.path ? -1 : 1);
  }

  /** One package file, without a full scan; null if it is not in the cache. */
  async package(directory: string, fileName: string): Promise<CachedPackage | null> {
    const stored = await scanPackage(directory, fileName, this.#scanOptions());
    if (stored === null) return null;
    const [cached] = await this.#describe([stored]);
    return cached ?? null;
  }

  /** Whether the package or its signature is being downloaded now. */
  isInFlight({ path }: Pick<StoredPackage, "path">): boolean {
    const { downloads } = this.#options;
    return downloads.get(path) !== null || downloads.get(`${path}.sig`) !== null;
  }

  #scanOptions(): CacheScanOptions {
    const { layout, index, cutFiles, tree, downloads, now = Date.now } = this.#options;
    return {
      layout,
      index,
      cutFiles,
      tree: tree(),
      isInFlight: (path) => downloads.get(path) !== null,
      now: now(),
    };
  }

  /** What protects packages of some directories now. */
  async protection(directories: ReadonlySet<string>): Promise<Protection> {
    const { index, settings } = this.#options;
    const pins = [
      ...settings().pinnedPackages,
      ...index.pins().map(({ pattern }) => pattern),
    ];
    return { pins, listed: await this.#listedIn(directories) };
  }

  async #describe(packages: readonly StoredPackage[]): Promise<CachedPackage[]> {
    const { pins, listed } = await this.protection(
      new Set(packages.map(({ directory }) => directory)),
    );
    const isPinned = packageMatcher(pins);
    const slice = new TimeSlice();
    const described: CachedPackage[] = [];
    for (const stored of packages) {
      if (slice.isOver) await slice.renew();
      described.push({
        ...stored,
        pinned: isPinned(stored),
        inFlight: this.isInFlight(stored),
        current: listed.get(stored.directory)?.has(stored.fileName) ?? null,
      });
    }
    return described;
  }

  /** The file names in the databases of some directories. */
  async #listedIn(directories: ReadonlySet<string>): Promise<Map<string, FileNames | null>> {
    const { tree, snapshots } = this.#options;
    const listed = new Map<string, FileNames | null>();
    for (const directory of directories) {
      const repository = tree().repositoryAt(directory);
      const names = repository === null
        ? NOTHING_LISTED
        : await snapshots.trustedPackagesOf(repository).catch((error) => {
          log.warn("cannot read the database, keeping its packages", {
            repository: directory,
            reason: reasonOf(error),
          });
          return null;
        });
      listed.set(directory, names);
    }
    return listed;
  }
}
