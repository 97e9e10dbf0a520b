import { dirname, join } from "@std/path";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { type Repository, RepositoryTree } from "../../../../src/repositories/repository.ts";
import {
  Cleanup,
  type CleanupOptions,
  type CleanupSettings,
} from "../../../../src/mirroring/cleanup/cleanup.ts";
import type { Download } from "../../../../src/mirroring/downloads/download.ts";
import { configOf } from "../../config/configuration.ts";

export const CORE = "core/os/x86_64";
export const EXTRA = "extra/os/x86_64";

/** The configuration's limits in these tests: none. */
const SETTINGS: CleanupSettings = {
  keepVersions: 1000,
  maxCacheAgeMs: 0,
  maxCacheBytes: 0,
  cacheLowWaterPercent: 100,
  minFreeBytes: 0,
  pinnedPackages: [],
};

/** A cache directory with an index, and a cleanup of it whose surroundings a test can set. */
export class CacheOnDisk implements AsyncDisposable {
  settings: CleanupSettings = SETTINGS;
  free: number | null = null;
  /** What `Cleanup` takes for the present, in milliseconds since the epoch. */
  now = Date.now();
  readonly inFlight = new Set<string>();
  /** Names in the databases; a repository that is not here has no readable one. */
  readonly current = new Map<string, Set<string>>([[CORE, new Set()], [EXTRA, new Set()]]);
  readonly forgotten: string[] = [];
  tree = treeOf("core", "extra");

  private constructor(
    readonly layout: CacheLayout,
    readonly index: CacheIndex,
    /** Holds the cache and nothing else. */
    readonly outside: string,
  ) {}

  static async make(): Promise<CacheOnDisk> {
    const outside = await Deno.makeTempDir({ prefix: "pkgstash-cleanup-" });
    const layout = new CacheLayout(join(outside, "cache"));
    const index = await CacheIndex.open(join(layout.state, "index.sqlite"));
    return new CacheOnDisk(layout, index, outside);
  }

  cleanup(more: Partial<CleanupOptions> = {}): Cleanup {
    return new Cleanup({
      layout: this.layout,
      index: this.index,
      tree: () => this.tree,
      settings: () => this.settings,
      downloads: { get: (key) => this.inFlight.has(key) ? {} as Download : null },
      currentFileNames: ({ directory }) => Promise.resolve(this.current.get(directory) ?? null),
      freeSpace: () => Promise.resolve(this.free),
      forgetSnapshots: (directory) => this.forgotten.push(directory),
      now: () => this.now,
      ...more,
    });
  }

  limit(settings: Partial<CleanupSettings>): void {
    this.settings = { ...SETTINGS, ...settings };
  }

  path(key: string): string {
    return join(this.layout.root, key);
  }

  /** Writes a file of that many bytes. */
  async put(key: string, bytes = 10): Promise<void> {
    await Deno.mkdir(dirname(this.path(key)), { recursive: true });
    await Deno.writeFile(this.path(key), new Uint8Array(bytes));
  }

  /** Writes a package with a signature of 5 bytes, and records it. Gives its path. */
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
