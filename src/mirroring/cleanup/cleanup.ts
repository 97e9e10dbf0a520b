import type { CacheIndex } from "../cache/cache_index.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";
import type { Config } from "../../config/config.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { CleanupReport, FailedRemoval, Removal } from "./cleanup_report.ts";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { type Inventory, type StoredPackage, takeInventory } from "../cache/inventory.ts";
import type { Leftover } from "../cache/leftovers.ts";
import { Pins } from "./pins.ts";
import { Remover } from "./remover.ts";
import {
  planRetention,
  type RetentionEntry,
  type RetentionLimits,
  type RetentionPlan,
} from "./retention.ts";

const log = eventLogger("cleanup");

/** Room is made at most this often: some file systems free space only after a while, in ms. */
const ROOM_INTERVAL = 30_000;
/** When there is nothing left to remove, this long is waited before looking again, in ms. */
const ROOM_INTERVAL_UNMET = 10 * 60_000;

/** The keys of the configuration that say what goes. */
export type CleanupSettings = Pick<
  Config,
  | "keepVersions"
  | "maxCacheAgeMs"
  | "maxCacheBytes"
  | "cacheLowWaterPercent"
  | "minFreeBytes"
  | "pinnedPackages"
>;

export interface CleanupOptions {
  layout: CacheLayout;
  index: CacheIndex;
  /** The configuration in force, asked for at each use. */
  tree: () => RepositoryTree;
  settings: () => CleanupSettings;
  downloads: Pick<DownloadRegistry, "get">;
  /**
   * The file names in the served database of a repository; null when there is no database, it
   * cannot be read, or it could not be refreshed of late.
   */
  currentFileNames: (repository: Repository) => Promise<Pick<ReadonlySet<string>, "has"> | null>;
  /** Bytes free on the cache's disk; null when that is not known. */
  freeSpace: () => Promise<number | null>;
  /** Told when the snapshots of a repository that is no longer configured have been removed. */
  forgetSnapshots: (directory: string) => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** A package as the policy sees it. */
type Candidate = StoredPackage & RetentionEntry;

/** A package in the cache and what keeps it there. */
export interface CachedPackage extends StoredPackage {
  readonly uses: number;
  readonly pinned: boolean;
  readonly inFlight: boolean;
  /** Whether a database names it; null when that is not known. */
  readonly current: boolean | null;
}

/** What is to go, and what was seen when that was decided. */
export interface CleanupPlan {
  readonly retention: RetentionPlan<Candidate>;
  readonly leftovers: readonly Leftover[];
  /** The plan as it would be reported if all of it were done. */
  readonly report: CleanupReport;
}

/** Keeps the cache within its limits. What goes is decided by `planRetention` alone. */
export class Cleanup {
  #busy: Promise<unknown> = Promise.resolve();
  #makingRoom: Promise<void> | null = null;
  #roomNotBefore = -Infinity;

  constructor(private readonly options: CleanupOptions) {}

  /** Brings the index into line with the disk, and begins it anew if it was lost. */
  async reconcile(): Promise<void> {
    await this.#inventory();
  }

  /** All packages in the cache, by path. */
  async packages(): Promise<CachedPackage[]> {
    const { packages } = await this.#inventory();
    const uses = new Map(
      this.options.index.files().map((file) => [`${file.directory}/${file.fileName}`, file.uses]),
    );
    const pathOf = ({ directory, fileName }: StoredPackage) => `${directory}/${fileName}`;
    return (await this.#candidates(packages, this.options.settings().pinnedPackages))
      .map((entry) => ({ ...entry, uses: uses.get(pathOf(entry)) ?? 0 }))
      .sort((a, b) => pathOf(a) < pathOf(b) ? -1 : 1);
  }

  /**
   * Removes one package and its signature, pinned or not, and gives the bytes that this freed; null
   * if it is not there. Throws `conflict` while it is being fetched.
   */
  remove(directory: string, fileName: string): Promise<number | null> {
    return this.#alone(async () => {
      const { packages } = await this.#inventory();
      const stored = packages.find((each) =>
        each.directory === directory && each.fileName === fileName
      );
      if (stored === undefined) return null;
      const path = `${directory}/${fileName}`;
      if (this.#isPackageInFlight(stored)) {
        throw new PkgstashError(
          "conflict",
          `Cannot remove ${path}: it, or its signature, is being fetched. Wait for that to end.`,
        );
      }
      if (!await this.#removePackage(stored, new Remover(this.options.layout.root))) return null;
      log.info("removed", { file: path, bytes: stored.bytes, reason: "asked for" });
      return stored.bytes;
    });
  }

  /** What would go now, and why. */
  async plan(): Promise<CleanupPlan> {
    return this.#plan(await this.#inventory(), this.options.settings());
  }

  /** Removes what has to go; one after the other if it is called again meanwhile. */
  run({ onRemoved }: { onRemoved?: (removal: Removal) => void } = {}): Promise<CleanupReport> {
    return this.#alone(async () => await this.#carryOut(await this.plan(), onRemoved));
  }

  /**
   * Frees disk space if there is less than `min_free_space`, and does nothing else. Meant to be
   * called whenever the disk may have become fuller; mostly it only looks. Never throws.
   */
  makeRoom(): Promise<void> {
    this.#makingRoom ??= this.#makeRoom()
      .catch((error) => log.error("cannot make room", { reason: reasonOf(error) }))
      .finally(() => this.#makingRoom = null);
    return this.#makingRoom;
  }

  /** Waits until what was begun is done. */
  async settled(): Promise<void> {
    await this.#makingRoom;
    await this.#busy;
  }

  async #makeRoom(): Promise<void> {
    const { minFreeBytes, pinnedPackages } = this.options.settings();
    if (minFreeBytes === 0 || performance.now() < this.#roomNotBefore) return;
    const free = await this.options.freeSpace();
    if (free === null || free >= minFreeBytes) return;
    log.warn("little disk space is free", { free, min_free_space: minFreeBytes });
    const { unmet } = await this.#alone(async () => {
      const inventory = await this.#inventory();
      const onlyFreeSpace = {
        keepVersions: Infinity,
        maxCacheAgeMs: 0,
        maxCacheBytes: 0,
        cacheLowWaterPercent: 100,
        minFreeBytes,
        pinnedPackages,
      };
      return await this.#carryOut(
        await this.#plan({ ...inventory, leftovers: [] }, onlyFreeSpace),
      );
    });
    this.#roomNotBefore = performance.now() +
      (unmet === null ? ROOM_INTERVAL : ROOM_INTERVAL_UNMET);
  }

  #inventory(): Promise<Inventory> {
    const { layout, index, tree } = this.options;
    return takeInventory({
      layout,
      index,
      tree: tree(),
      isInFlight: (key) => this.#isInFlight(key),
      now: this.#now(),
    });
  }

  async #plan(
    { packages, leftovers, bytes }: Inventory,
    { pinnedPackages, ...limits }: RetentionLimits & Pick<Config, "pinnedPackages">,
  ): Promise<CleanupPlan> {
    const leftoverBytes = leftovers.reduce((sum, { file }) => sum + file.size, 0);
    const free = await this.options.freeSpace();
    const entries = await this.#candidates(packages, pinnedPackages);
    // With very many packages each step takes a while; requests are answered in between.
    await eventLoopTurn();
    const retention = planRetention<Candidate>({
      entries,
      limits,
      totalBytes: bytes - leftoverBytes,
      freeSpace: free === null ? null : free + leftoverBytes,
      now: this.#now(),
    });
    await eventLoopTurn();
    return {
      retention,
      leftovers,
      report: {
        dryRun: true,
        removed: [
          ...leftovers.map(leftoverRemoval),
          ...retention.victims.map(({ entry, reason, why }) => packageRemoval(entry, reason, why)),
        ],
        bytesFreed: retention.bytesFreed + leftoverBytes,
        failed: [],
        skipped: 0,
        kept: retention.kept,
        unmet: retention.unmet,
      },
    };
  }

  async #carryOut(
    { retention, leftovers, report: planned }: CleanupPlan,
    onRemoved: (removal: Removal) => void = () => {},
  ): Promise<CleanupReport> {
    const { layout, forgetSnapshots } = this.options;
    const remover = new Remover(layout.root);
    const removed: Removal[] = [];
    const failed: FailedRemoval[] = [];
    let skipped = 0;
    const kept = { ...planned.kept };
    const attempt = async (removal: Removal, remove: () => Promise<boolean>): Promise<boolean> => {
      const { path, bytes, reason, why } = removal;
      try {
        if (await remove()) {
          log.info("removed", { file: path, bytes, reason, why });
          removed.push(removal);
          onRemoved(removal);
          return true;
        }
        skipped++;
      } catch (error) {
        log.error("cannot remove", { file: path, reason: reasonOf(error) });
        failed.push({ path, why: reasonOf(error) });
      }
      return false;
    };

    for (const leftover of leftovers) {
      const { directory, file, transfer, snapshotOf } = leftover;
      const isGone = await attempt(leftoverRemoval(leftover), async () => {
        if (this.#isInFlight(transfer)) return false;
        return await remover.remove(directory, file);
      });
      if (isGone && snapshotOf !== null) forgetSnapshots(snapshotOf);
    }
    for (const { entry, reason, why } of retention.victims) {
      const isGone = await attempt(packageRemoval(entry, reason, why), async () => {
        if (this.#isPackageInFlight(entry) || this.#isUsedSince(entry)) return false;
        return await this.#removePackage(entry, remover, (failure) => failed.push(failure));
      });
      if (isGone) continue;
      kept.files++;
      kept.bytes += entry.bytes;
      if (entry.current !== false) kept.current++;
    }
    const bytesFreed = removed.reduce((sum, { bytes }) => sum + bytes, 0);
    log.info("cleanup done", {
      removed: removed.length,
      bytes_freed: bytesFreed,
      failed: failed.length,
      skipped,
      ...(planned.unmet === null ? {} : { unmet: planned.unmet }),
    });
    return { ...planned, dryRun: false, removed, bytesFreed, failed, skipped, kept };
  }

  /** The packages as the policy sees them; the index's pins count beside those of the settings. */
  async #candidates(
    packages: readonly StoredPackage[],
    pinnedPackages: readonly string[],
  ): Promise<Candidate[]> {
    const pins = new Pins([
      ...pinnedPackages,
      ...this.options.index.pins().map(({ pattern }) => pattern),
    ]);
    const isCurrent = await this.#currency(packages);
    return packages.map((stored) => ({
      ...stored,
      pinned: pins.has(stored),
      inFlight: this.#isPackageInFlight(stored),
      current: isCurrent(stored),
    }));
  }

  /** Removes a package and its signature; false if it is gone, or another has taken its place. */
  async #removePackage(
    { directory, fileName, file, signature }: StoredPackage,
    remover: Remover,
    onFailure: (failure: FailedRemoval) => void = ({ path, why }) =>
      log.error("cannot remove", { file: path, reason: why }),
  ): Promise<boolean> {
    if (!await remover.remove(directory, file)) return false;
    this.options.index.forgetFile(directory, fileName);
    if (signature !== null) {
      await remover.remove(directory, signature).catch((error) =>
        onFailure({ path: `${directory}/${signature.name}`, why: reasonOf(error) })
      );
    }
    return true;
  }

  /** Tells of each package whether a database names it, after asking for all of the databases. */
  async #currency(
    packages: readonly StoredPackage[],
  ): Promise<(stored: StoredPackage) => boolean | null> {
    const tree = this.options.tree();
    const namesIn = new Map<string, Pick<ReadonlySet<string>, "has"> | null>();
    for (const directory of new Set(packages.map(({ directory }) => directory))) {
      const repository = tree.repositoryAt(directory);
      const names = repository === null
        ? new Set<string>()
        : await this.options.currentFileNames(repository).catch((error) => {
          log.warn("database not read, its packages stay", { directory, reason: reasonOf(error) });
          return null;
        });
      namesIn.set(directory, names);
    }
    return ({ directory, fileName }) => namesIn.get(directory)?.has(fileName) ?? null;
  }

  #isPackageInFlight({ directory, fileName }: StoredPackage): boolean {
    const key = `${directory}/${fileName}`;
    return this.#isInFlight(key) || this.#isInFlight(`${key}.sig`);
  }

  #isInFlight(key: string): boolean {
    return this.options.downloads.get(key) !== null;
  }

  #isUsedSince({ directory, fileName, usedAt }: StoredPackage): boolean {
    return (this.options.index.usedAt(directory, fileName) ?? usedAt) > usedAt;
  }

  /** Runs `work` when nothing else is being removed. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(work);
    this.#busy = result.catch(() => {});
    return result;
  }

  #now(): number {
    return this.options.now?.() ?? Date.now();
  }
}

function packageRemoval(
  { directory, fileName, bytes }: Candidate,
  reason: Removal["reason"],
  why: string,
): Removal {
  return { path: `${directory}/${fileName}`, bytes, reason, why };
}

function leftoverRemoval({ directory, file, reason, why }: Leftover): Removal {
  return { path: `${directory}/${file.name}`, bytes: file.size, reason, why };
}
