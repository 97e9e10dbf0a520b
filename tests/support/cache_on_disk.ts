import { dirname, join } from "@std/path";
import { CacheIndex } from "../../src/mirroring/cache/cache_index.ts";
import { CacheLayout } from "../../src/mirroring/cache/cache_layout.ts";
import { type Repository, RepositoryTree } from "../../src/repositories/repository.ts";
import { CutFiles } from "../../src/mirroring/cache/cut_files.ts";
import { Quarantine } from "../../src/mirroring/cache/quarantine.ts";
import { Inventory, type InventoryOptions } from "../../src/mirroring/cache/inventory.ts";
import {
  Cleanup,
  type CleanupOptions,
  type CleanupSettings,
} from "../../src/mirroring/cleanup/cleanup.ts";
import type { Download } from "../../src/mirroring/downloads/download.ts";
import { configOf } from "./configuration.ts";

export const CORE = "core/os/x86_64";
export const EXTRA = "extra/os/x86_64";

type Settings = CleanupSettings & ReturnType<InventoryOptions["settings"]>;

/** No limits. */
const SETTINGS: Settings = {
  keepVersions: 1000,
  maxCacheAgeMs: 0,
  maxCacheBytes: 0,
  cacheLowWaterPercent: 100,
  minFreeBytes: 0,
  pinnedPackages: [],
};

/** A cache directory with an index, its inventory and cleanup, and surroundings that a test sets. */
export class CacheOnDisk implements AsyncDisposable {
  settings: Settings = SETTINGS;
  free: number | null = null;
  /** The current time of the inventory and the cleanup, in milliseconds since the epoch. */
  now = Date.now();
  readonly inFlight = new Set<string>();
  /** The file names in the databases; a repository that is missing has no readable database. */
  readonly current = new Map<string, Set<string>>([[CORE, new Set()], [EXTRA, new Set()]]);
  readonly forgotten: string[] = [];
  tree = treeOf("core", "extra");
  readonly cutFiles: CutFiles;
  readonly #downloads = {
    get: (path: string) => this.inFlight.has(path) ? {} as Download : null,
  };

  private constructor(
    readonly layout: CacheLayout,
    readonly index: CacheIndex,
    /** Holds the cache and nothing else. */
    readonly outside: string,
  ) {
    const quarantine = new Quarantine(layout);
    this.cutFiles = new CutFiles({ layout, index, quarantine, downloads: this.#downloads });
  }

  static async make(): Promise<CacheOnDisk> {
    const outside = await Deno.makeTempDir({ prefix: "pkgstash-cleanup-" });
    const layout = new CacheLayout(join(outside, "cache"));
    const index = await CacheIndex.open(join(layout.state, "index.sqlite"));
    return new CacheOnDisk(layout, index, outside);
  }

  inventory(more: Partial<InventoryOptions> = {}): Inventory {
    return new Inventory({
      layout: this.layout,
      index: this.index,
      cutFiles: this.cutFiles,
      tree: () => this.tree,
      settings: () => this.settings,
      downloads: this.#downloads,
      snapshots: {
        trustedPackagesOf: ({ directory }) => Promise.resolve(this.current.get(directory) ?? null),
      },
      now: () => this.now,
      ...more,
    });
  }

  cleanup(more: Partial<CleanupOptions> = {}): Cleanup {
    return new Cleanup({
      layout: this.layout,
      index: this.index,
      inventory: this.inventory(),
      downloads: this.#downloads,
      snapshotStore: { forget: (directory) => this.forgotten.push(directory) },
      settings: () => this.settings,
      freeSpace: () => Promise.resolve(this.free),
      now: () => this.now,
      ...more,
    });
  }

  configure(settings: Partial<Settings>): void {
    this.settings = { ...SETTINGS, ...settings };
  }

  path(key: string): string {
    return join(this.layout.root, key);
  }

  /** Writes a file of `bytes` zero bytes. */
  async put(key: string, bytes = 10): Promise<void> {
    await Deno.mkdir(dirname(this.path(key)), { recursive: true });
    await Deno.writeFile(this.path(key), new Uint8Array(bytes));
  }

  /** Writes and records a package with a signature of 5 bytes; returns its path. */
  async add(
    name: string,
    version: string,
    { directory = CORE, bytes = 10, usedAt = this.now }: {
      directory?: string;
      bytes?: number;
      usedAt?: number;
    } = {},
  ): Promise<string> {
    const fileName = `${name}-${version}-any.pkg.tar.zst`;
    await this.put(`${directory}/${fileName}`, bytes);
    await this.put(`${directory}/${fileName}.sig`, 5);
    this.index.recordFetch({ repository: repository(directory), fileName, kind: "package" }, {
      size: bytes,
      sha256: "00",
      at: usedAt,
      prefetched: false,
    });
    return `${directory}/${fileName}`;
  }

  use(key: string): void {
    const slash = key.lastIndexOf("/");
    const file = { repository: repository(key.slice(0, slash)), fileName: key.slice(slash + 1) };
    this.index.recordUse({ ...file, kind: "package" }, this.now + 1);
  }

  /** Every file below the cache's root except the index, by its path from there, sorted. */
  async files(directory = ""): Promise<string[]> {
    const found: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.path(directory))) {
      const key = directory === "" ? name : `${directory}/${name}`;
      if (isDirectory) found.push(...await this.files(key));
      else if (!name.startsWith("index.sqlite")) found.push(key);
    }
    return found.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.index[Symbol.dispose]();
    await Deno.remove(this.outside, { recursive: true });
  }
}

export function treeOf(...repositories: string[]): RepositoryTree {
  return new RepositoryTree(configOf(`mirrored_repos = ${JSON.stringify(repositories)}`));
}

function repository(directory: string): Repository {
  return { upstream: "arch", name: directory.split("/")[0]!, architecture: "x86_64", directory };
}
