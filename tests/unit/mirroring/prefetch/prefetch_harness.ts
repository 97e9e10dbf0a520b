import { concat } from "@std/bytes/concat";
import { CacheIndex } from "../../../../src/mirroring/cache/cache_index.ts";
import { Quarantine } from "../../../../src/mirroring/cache/quarantine.ts";
import { CacheLayout } from "../../../../src/mirroring/cache/cache_layout.ts";
import { type PackageFile, RepositoryTree } from "../../../../src/repositories/repository.ts";
import { ClientDownloads } from "../../../../src/mirroring/downloads/client_downloads.ts";
import { DownloadRegistry } from "../../../../src/mirroring/downloads/download_registry.ts";
import { RefusedBeginnings } from "../../../../src/mirroring/downloads/refused_beginnings.ts";
import { Upstreams } from "../../../../src/mirroring/mirrors/upstreams.ts";
import { Metrics } from "../../../../src/platform/observability/metrics.ts";
import { MissingFiles } from "../../../../src/mirroring/pull_through/missing_files.ts";
import { PackageRequests } from "../../../../src/mirroring/pull_through/package_requests.ts";
import { PackageSignatures } from "../../../../src/mirroring/pull_through/package_signatures.ts";
import { NO_DATABASES } from "../pull_through/no_databases.ts";
import type { Clock } from "../../../../src/async/clock.ts";
import {
  type PrefetchEvent,
  type PrefetchReport,
  PrefetchRun,
  type PrefetchRunOptions,
} from "../../../../src/mirroring/prefetch/prefetch_run.ts";
import type { Config } from "../../../../src/config/config.ts";
import type { Wish } from "../../../../src/mirroring/prefetch/prefetch_plan.ts";
import { configOf } from "../../../support/configuration.ts";
import { FakeMirror } from "../../../support/fake_mirror.ts";
import { packageBytes } from "../../../support/package_bytes.ts";
import { HotFiles } from "../../../../src/repositories/hot_files.ts";

const CLIENT = { hostname: "192.0.2.1", port: null };

export const DIRECTORY = "core/os/x86_64";

export interface HarnessOptions {
  settings?: Partial<PrefetchRunOptions["settings"]>;
  clock?: Clock;
}

/** Prefetch runs against a fake mirror, with everything that they use but no server. */
export class PrefetchHarness implements AsyncDisposable {
  readonly mirror: FakeMirror;
  readonly index: CacheIndex;
  readonly layout: CacheLayout;
  readonly clients: ClientDownloads;
  readonly events: string[] = [];
  readonly controller = new AbortController();
  readonly #options: HarnessOptions;
  readonly #tree: RepositoryTree;
  readonly #upstreams: Upstreams;
  readonly #downloads: DownloadRegistry;
  readonly #packages: PackageRequests;

  private constructor(
    { mirror, index, config, options }: {
      mirror: FakeMirror;
      index: CacheIndex;
      config: Config;
      options: HarnessOptions;
    },
  ) {
    const { clock } = options;
    this.clients = new ClientDownloads(clock === undefined ? undefined : () => clock.monotonic());
    const metrics = new Metrics();
    this.mirror = mirror;
    this.index = index;
    this.layout = new CacheLayout(config.cacheRoot);
    this.#options = options;
    this.#tree = new RepositoryTree(config);
    this.#upstreams = new Upstreams(config, metrics);
    this.#downloads = new DownloadRegistry(metrics);
    const shared = {
      hot: new HotFiles(),
      layout: this.layout,
      downloads: this.#downloads,
      missing: new MissingFiles(),
      traffic: metrics,
      upstreams: this.#upstreams,
      snapshots: NO_DATABASES,
    };
    this.#packages = new PackageRequests({
      ...shared,
      quarantine: new Quarantine(this.layout),
      clients: this.clients,
      refused: new RefusedBeginnings(null),
      roomFor: null,
      signatures: new PackageSignatures({ ...shared, settings: () => config }),
      onFetched: (file, fetched) => index.recordFetch(file, { ...fetched, at: Date.now() }),
      answerTimeoutMs: config.answerTimeoutMs,
    });
  }

  static async start(options: HarnessOptions = {}): Promise<PrefetchHarness> {
    const mirror = await FakeMirror.start();
    const root = await Deno.makeTempDir();
    const config = configOf(
      `cache_root = ${JSON.stringify(root)}\nmirror_urls = [${JSON.stringify(mirror.url)}]\n` +
        'race_timeout = "60s"\nstall_timeout = "60s"\nanswer_timeout = "180s"\n',
    );
    const index = await CacheIndex.open(new CacheLayout(root).index);
    return new PrefetchHarness({ mirror, index, config, options });
  }

  /** Puts packages of `size` bytes on the mirror. */
  put(size: number, ...names: string[]): void {
    for (const name of names) {
      this.mirror.put(`${DIRECTORY}/${fileOf(name)}`, packageBytes(size, 1));
    }
  }

  /** Prefetches packages, in this order of preference. */
  run(...names: (string | Wish)[]): Promise<PrefetchReport> {
    const options = this.#options;
    const run = new PrefetchRun({
      packages: this.#packages,
      clients: this.clients,
      index: this.index,
      tree: this.#tree,
      settings: {
        prefetchConcurrency: 1,
        prefetchBytesPerSecond: 0,
        prefetchWindow: null,
        ...options.settings,
      },
      listener: (event) => this.events.push(describe(event)),
      signal: this.controller.signal,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    const wishes = names.map((name, index) =>
      typeof name === "string" ? wishOf(name, 1000 - index) : name
    );
    return run.fetch({
      wishes,
      planned: [DIRECTORY],
      plannedAt: options.clock?.now() ?? Date.now(),
    });
  }

  /** Requests a package as a client does, and reads the whole response. */
  async get(name: string): Promise<Uint8Array> {
    const file = this.#tree.fileAt(`${DIRECTORY}/${fileOf(name)}`) as PackageFile;
    this.index.recordUse(file, Date.now());
    const response = await this.#packages.respond(file, new Request("http://host/"), CLIENT);
    const chunks: Uint8Array[] = [];
    // A chunk is gone with the next read.
    for await (const chunk of response.body ?? []) chunks.push(chunk.slice());
    return concat(chunks);
  }

  /** How many requests for a package have reached the mirror. */
  count(name: string): number {
    return this.mirror.count(`${DIRECTORY}/${fileOf(name)}`);
  }

  /** The packages requested from the mirror, in order, without signatures. */
  get order(): string[] {
    return this.mirror.requests.filter(({ path }) => !path.endsWith(".sig"))
      .map(({ path }) => nameOf(path));
  }

  async isCached(name: string): Promise<boolean> {
    const path = `${this.layout.root}/${DIRECTORY}/${fileOf(name)}`;
    return await Deno.stat(path).then(() => true, () => false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#downloads.stop();
    this.index[Symbol.dispose]();
    this.#upstreams[Symbol.dispose]();
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
