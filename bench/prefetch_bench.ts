import { CacheIndex } from "../src/mirroring/cache/cache_index.ts";
import { CacheLayout } from "../src/mirroring/cache/cache_layout.ts";
import { type PackageFile, RepositoryTree } from "../src/repositories/repository.ts";
import { ClientDownloads } from "../src/mirroring/downloads/client_downloads.ts";
import { DownloadRegistry } from "../src/mirroring/downloads/download_registry.ts";
import { Upstreams } from "../src/mirroring/mirrors/upstreams.ts";
import { Metrics } from "../src/platform/observability/metrics.ts";
import { MissingSignatures } from "../src/mirroring/pull_through/package_requests.ts";
import { PackageRequests } from "../src/mirroring/pull_through/package_requests.ts";
import type { Clock } from "../src/async/clock.ts";
import {
  Prefetch,
  type PrefetchOptions,
  type PrefetchReport,
} from "../src/mirroring/prefetch/prefetch.ts";
import type { PrefetchEvent } from "../src/mirroring/prefetch/prefetch_events.ts";
import type { Wish } from "../src/mirroring/prefetch/prefetch_plan.ts";
import { configOf } from "../tests/unit/config/configuration.ts";
import { FakeMirror } from "../tests/support/fake_mirror.ts";
import { packageBytes } from "../tests/support/package_bytes.ts";

export const DIRECTORY = "core/os/x86_64";

export interface BenchOptions {
  settings?: Partial<PrefetchOptions["settings"]>;
  clock?: Clock;
}

/** Prefetching with everything below it, a mirror above it, and no server. */
export class PrefetchBench implements AsyncDisposable {
  readonly events: string[] = [];
  readonly controller = new AbortController();

  private constructor(
    readonly mirror: FakeMirror,
    readonly index: CacheIndex,
    readonly layout: CacheLayout,
    readonly clients: ClientDownloads,
    private readonly packages: PackageRequests,
    private readonly downloads: DownloadRegistry,
    private readonly upstreams: Upstreams,
    private readonly tree: RepositoryTree,
    private readonly options: BenchOptions,
  ) {}

  static async start(options: BenchOptions = {}): Promise<PrefetchBench> {
    const mirror = await FakeMirror.start();
    const root = await Deno.makeTempDir();
    const config = configOf(
      `cache_root = ${JSON.stringify(root)}\nmirror_urls = [${JSON.stringify(mirror.url)}]\n` +
        'race_timeout = "2s"\nstall_timeout = "5s"\n',
    );
    const layout = new CacheLayout(root);
    const index = await CacheIndex.open(layout.index);
    const metrics = new Metrics();
    const upstreams = new Upstreams(config, metrics);
    const downloads = new DownloadRegistry(metrics);
    const clients = new ClientDownloads();
    const packages = new PackageRequests({
      layout,
      downloads,
      clients,
      missing: new MissingSignatures(config.missingSignatureAgeMs),
      metrics,
      accessOf: ({ repository }) => upstreams.get(repository.upstream),
      snapshots: {
        expectationOf: () => Promise.resolve(null),
        embeddedSignatureOf: () => Promise.resolve(null),
      },
      onFetched: (file, fetched) => index.recordFetch(file, { ...fetched, at: Date.now() }),
      answerTimeoutMs: config.answerTimeoutMs,
    });
    const tree = new RepositoryTree(config);
    return new PrefetchBench(
      mirror,
      index,
      layout,
      clients,
      packages,
      downloads,
      upstreams,
      tree,
      options,
    );
  }

  /** Offers packages of `size` bytes on the mirror. */
  put(size: number, ...names: string[]): void {
    for (const name of names) {
      this.mirror.put(`${DIRECTORY}/${fileOf(name)}`, packageBytes(size, 1));
    }
  }

  /** Prefetches packages, wished for in this order. */
  run(...names: (string | Wish)[]): Promise<PrefetchReport> {
    const { clients, index, tree, packages, options } = this;
    const prefetch = new Prefetch({
      packages,
      clients,
      index,
      fileAt: (path) => tree.fileAt(path),
      settings: {
        prefetchConcurrency: 1,
        prefetchBytesPerSecond: 0,
        prefetchWindow: null,
        ...options.settings,
      },
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    const wishes = names.map((name, index) =>
      typeof name === "string" ? wishOf(name, 1000 - index) : name
    );
    return prefetch.run(wishes, {
      planned: [DIRECTORY],
      plannedAt: options.clock?.now() ?? Date.now(),
      onProgress: (event) => this.events.push(describe(event)),
      signal: this.controller.signal,
    });
  }

  /** Asks as a client does, and reads the whole answer. */
  async get(name: string): Promise<Uint8Array> {
    const file = this.tree.fileAt(`${DIRECTORY}/${fileOf(name)}`) as PackageFile;
    this.index.recordUse(file, Date.now());
    const response = await this.packages.respond(file, new Request("http://host/"));
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Requests for a package that reached the mirror. */
  count(name: string): number {
    return this.mirror.count(`${DIRECTORY}/${fileOf(name)}`);
  }

  /** The packages asked of the mirror, in order, without signatures. */
  get order(): string[] {
    return this.mirror.requests.filter(({ path }) => !path.endsWith(".sig"))
      .map(({ path }) => nameOf(path));
  }

  async isCached(name: string): Promise<boolean> {
    const path = `${this.layout.root}/${DIRECTORY}/${fileOf(name)}`;
    return await Deno.stat(path).then(() => true, () => false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.downloads.stop();
    this.index[Symbol.dispose]();
    this.upstreams[Symbol.dispose]();
    await this.mirror[Symbol.asyncDispose]();
    await Deno.remove(this.layout.root, { recursive: true });
  }
}

export function wishOf(name: string, askedAt = 0): Wish {
  return {
    directory: DIRECTORY,
    fileName: fileOf(name),
    reason: "new_version",
    of: name,
    askedAt,
    size: null,
  };
}

export function fileOf(name: string): string {
  return `${name}-1-1-any.pkg.tar.zst`;
}

export function pathOf(name: string): string {
  return `${DIRECTORY}/${fileOf(name)}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/-1-1-any.*/, "");
}

function describe({ file, status }: PrefetchEvent): string {
  return file === null ? status : `${status} ${nameOf(file)}`;
}
