import type { CacheIndex } from "../mirroring/cache/cache_index.ts";
import type { CacheLayout } from "../mirroring/cache/cache_layout.ts";
import type { CacheSize } from "../mirroring/cache/cache_size.ts";
import type { RepositoryFile, RepositoryTree } from "../repositories/repository.ts";
import type { Cleanup } from "../mirroring/cleanup/cleanup.ts";
import type { Config } from "../config/config.ts";
import type { ClientDownloads } from "../mirroring/downloads/client_downloads.ts";
import type { DownloadRegistry } from "../mirroring/downloads/download_registry.ts";
import type { Upstream } from "../mirroring/mirrors/upstream.ts";
import type { Client } from "../repositories/leases.ts";
import type { Metrics } from "../platform/observability/metrics.ts";
import type { RefreshCycle } from "../mirroring/refresh/refresh_cycle.ts";
import type { Snapshots } from "../mirroring/databases/snapshots.ts";

/** Everything that requests are answered from. */
export interface Services {
  token: string | null;
  config: Config;
  tree: RepositoryTree;
  layout: CacheLayout;
  index: CacheIndex;
  cacheSize: CacheSize;
  snapshots: Snapshots;
  cycle: RefreshCycle;
  cleanup: Cleanup;
  respond: (file: RepositoryFile, request: Request, client: Client) => Promise<Response>;
  metrics: Metrics;
  downloads: DownloadRegistry;
  clientDownloads: ClientDownloads;
  /** By the upstream's name, in the order of the configuration. */
  accesses: ReadonlyMap<string, Upstream>;
  /** When the daemon started, in milliseconds since the epoch. */
  startedAt: number;
}
