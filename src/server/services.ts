import type { CacheIndex } from "../cache/cache_index.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { CacheSize } from "../cache/cache_size.ts";
import type { RepositoryFile, RepositoryTree } from "../cache/repository.ts";
import type { Cleanup } from "../cleanup/cleanup.ts";
import type { Config } from "../config/config.ts";
import type { ClientDownloads } from "../download/client_downloads.ts";
import type { DownloadRegistry } from "../download/download_registry.ts";
import type { MirrorAccess } from "../download/mirror_access.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { PackageRequests } from "../proxy/package_requests.ts";
import type { SnapshotRequests } from "../proxy/snapshot_requests.ts";
import type { RefreshCycle } from "../refresh/refresh_cycle.ts";
import type { Snapshots } from "../snapshot/snapshots.ts";

/** All that requests are answered from. */
export interface Services {
  token: string | null;
  config: Config;
  tree: RepositoryTree;
  layout: CacheLayout;
  index: CacheIndex;
  cacheSize: CacheSize;
  packages: PackageRequests;
  snapshots: Snapshots;
  cycle: RefreshCycle;
  cleanup: Cleanup;
  /** Told of every package file that a client was given. */
  onUse: (file: RepositoryFile) => void;
  databases: SnapshotRequests;
  metrics: Metrics;
  downloads: DownloadRegistry;
  clientDownloads: ClientDownloads;
  /** By the upstream's name, in the order of the configuration. */
  accesses: ReadonlyMap<string, MirrorAccess>;
  /** When the daemon started, in milliseconds since the epoch. */
  startedAt: number;
}
