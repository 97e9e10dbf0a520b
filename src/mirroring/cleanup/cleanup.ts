import { createHash } from "node:crypto";
import { eventLoopTurn } from "../../async/event_loop_turn.ts";
import { sortedInSlices, TimeSlice } from "../../async/time_slice.ts";
import { Turns } from "../../async/turns.ts";
import type { Config } from "../../config/config.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import type { CacheContents, CachedExtra, CachedPackage, Inventory } from "../cache/inventory.ts";
import type { Leftover } from "../cache/leftovers.ts";
import { type CleanupCause, REMOVALS_AT_A_TIME } from "../cache/removal_log.ts";
import type { DownloadRegistry } from "../downloads/download_registry.ts";
import type { CleanupReport, FailedRemoval, Removal } from "./cleanup_report.ts";
import { Remover } from "./remover.ts";
import {
  isEvictable,
  planRetention,
  type RetentionLimits,
  type RetentionPlan,
} from "./retention.ts";

const log = eventLogger("cleanup");

/** A cleanup for room evicts packages only to free disk space. */
const NO_LIMITS: RetentionLimits = {
  keepVersions: Infinity,
  maxCacheAgeMs: 0,
  maxCacheBytes: 0,
  cacheLowWaterPercent: 100,
  minFreeBytes: 0,
};

/** How many unremovable files the record of a cleanup lists. */
const MAX_FAILURES = 20;

/** The configuration keys that limit the cache. */
export type CleanupSettings = Pick<
  Config,
  "keepVersions" | "maxCacheAgeMs" | "maxCacheBytes" | "cacheLowWaterPercent" | "minFreeBytes"
>;

export interface CleanupOptions {
  layout: CacheLayout;
  index: Pick<CacheIndex, "forgetFile" | "usedAt" | "removals">;
  inventory: Pick<Inventory, "take" | "package" | "isInFlight">;
  downloads: Pick<DownloadRegistry, "get">;
  snapshotStore: Pick<SnapshotStore, "forget">;
  /** Called on each use, since the configuration may change. */
  settings: () => CleanupSettings;
  /** Free bytes on the cache's disk; null if unknown. */
  freeSpace: () => Promise<number | null>;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** What retention may evict. */
type CachedFile = CachedPackage | CachedExtra;

/** What a cleanup would remove, and the state on which the decision is based. */
export interface CleanupPlan {
  readonly retention: RetentionPlan<CachedFile>;
  readonly leftovers: readonly Leftover[];
  /** The report if the entire plan were carried out. */
  readonly report: CleanupReport;
}

/** Keeps the cache within its limits. `planRetention` alone decides which packages to evict. */
export class Cleanup {
  readonly #options: CleanupOptions;
  /** Removals run one at a time. */
  readonly #turns = new Turns();

  constructor(options: CleanupOptions) {
    this.#options = options;
  }

  /**
   * Removes one package and its signature, even if pinned. Returns the freed bytes, or null if the
   * package is not in the cache. Throws `conflict` while it is being downloaded.
   */
  remove(directory: string, fileName: string): Promise<number | null> {
    const { inventory, layout } = this.#options;
    return this.#turns.run(async () => {
      const stored = await inventory.package(directory, fileName);
      if (stored === null) return null;
      const { path, bytes } = stored;
      if (stored.inFlight) {
        throw new PkgstashError(
          "conflict",
          `Cannot remove ${path}: it or its signature is being downloaded. Wait until that is ` +
            "done.",
        );
      }
      const logFailure = ({ path, why }: FailedRemoval) =>
        log.error("cannot remove", { file: path, reason: why });
      try {
        if (!await this.#removePackage(stored, new Remover(layout.root), logFailure)) return null;
      } catch (error) {
        throw new PkgstashError("storage", `Cannot remove ${path}: ${reasonOf(error)}.`, {
          cause: error,
        });
      }
      log.info("removed", { file: path, bytes, reason: "requested" });
      const why = "an administrator removed it";
      this.#options.index.removals.recordRemovals(
        [{ path, bytes, reason: "requested", why }],
        this.#now(),
      );
      return bytes;
    });
  }

  /** Decides what to remove, and why; removes nothing. */
  async plan(): Promise<CleanupPlan> {
    return await this.#plan(await this.#options.inventory.take(), this.#options.settings());
  }

  /**
   * Removes what must be removed. Concurrent calls wait for their turn.
   *
   * @throws PkgstashError `conflict` if the plan is no longer `plan`; then nothing is removed.
   */
  run(
    { cause = "requested", plan: expected, onRemoved }: {
      cause?: CleanupCause;
      /** ID of a plan made earlier; by default, a new plan is made. */
      plan?: string;
      onRemoved?: (removal: Removal) => void;
    } = {},
  ): Promise<CleanupReport> {
    return this.#turns.run(async () => {
      const at = this.#now();
      const plan = await this.plan();
      if (expected !== undefined && expected !== plan.report.plan) {
        throw new PkgstashError(
          "conflict",
          `Cannot apply the cleanup plan ${expected}: it would now remove other files. ` +
            "Review a new plan (pkgstash cleanup --dry-run).",
        );
      }
      return await this.#carryOut(plan, { at, cause, onRemoved });
    });
  }

  /**
   * Removes leftovers, and evicts packages by the limit of free space alone, until the result of
   * `demand` fits as well. `demand` is called when it is this call's turn, with the number of bytes
   * that could be free, Infinity if unknown.
   */
  makeRoom(demand: (reachableBytes: number) => number): Promise<CleanupReport> {
    return this.#turns.run(async () => {
      const at = this.#now();
      const { settings, freeSpace, inventory } = this.#options;
      const contents = await inventory.take();
      const { packages, extras, leftovers, spares } = contents;
      const free = await freeSpace() ?? Infinity;
      const evictable = [...packages, ...extras].filter(isEvictable).map(({ bytes }) => bytes);
      const sizes = [...[...leftovers, ...spares].map(({ file }) => file.size), ...evictable];
      const incomingBytes = demand(sizes.reduce((sum, bytes) => sum + bytes, free));
      const { minFreeBytes } = settings();
      return await this.#carryOut(
        await this.#plan(contents, { ...NO_LIMITS, minFreeBytes }, incomingBytes),
        { at, cause: "room" },
      );
    });
  }

  /** Resolves when no cleanup is running. */
  async settled(): Promise<void> {
    await this.#turns.settled();
  }

  async #plan(
    { packages, extras, leftovers: due, spares, bytes }: CacheContents,
    limits: RetentionLimits,
    incomingBytes = 0,
  ): Promise<CleanupPlan> {
    const free = await this.#options.freeSpace();
    const planWithout = async (leftovers: readonly Leftover[]) => {
      const leftoverBytes = sizeOf(leftovers);
      // Each step takes a while for very many packages; requests are answered in between.
      await eventLoopTurn();
      return await planRetention<CachedFile>({
        entries: [...packages, ...extras],
        limits,
        totalBytes: bytes - leftoverBytes,
        freeBytes: free === null ? null : free + leftoverBytes,
        incomingBytes,
        now: this.#now(),
      });
    };
    let leftovers = due;
    let retention = await planWithout(leftovers);
    const { lackingBytes } = retention;
    if (lackingBytes > 0 && spares.length > 0) {
      leftovers = [...due, ...oldestOf(spares, lackingBytes)];
      retention = await planWithout(leftovers);
    }
    const leftoverBytes = sizeOf(leftovers);
    await eventLoopTurn();
    const removed = [
      ...leftovers.map(leftoverRemoval),
      ...retention.evictions.map(({ entry: { path, bytes }, reason, why }) => ({
        path,
        bytes,
        reason,
        why,
      })),
    ];
    return {
      retention,
      leftovers,
      report: {
        plan: await nameOf(removed),
        dryRun: true,
        removed,
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
    { at, cause, onRemoved = () => {} }: {
      at: number;
      cause: CleanupCause;
      onRemoved?: ((removal: Removal) => void) | undefined;
    },
  ): Promise<CleanupReport> {
    const { layout, index, snapshotStore, downloads, inventory } = this.#options;
    const number = index.removals.nextCleanup();
    let unrecorded: Removal[] = [];
    const recordRemovals = () => {
      index.removals.recordRemovals(unrecorded, this.#now(), number);
      unrecorded = [];
    };
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
          unrecorded.push(removal);
          if (unrecorded.length >= REMOVALS_AT_A_TIME) recordRemovals();
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
      const { directory, file, download, snapshotOf } = leftover;
      const isRemoved = await attempt(leftoverRemoval(leftover), async () => {
        if (download !== null && downloads.get(download) !== null) return false;
        return await remover.remove(directory, file);
      });
      if (isRemoved && snapshotOf !== null) snapshotStore.forget(snapshotOf);
    }
    for (const { entry, reason, why } of retention.evictions) {
      const { path, bytes, current } = entry;
      const isRemoved = await attempt({ path, bytes, reason, why }, async () => {
        if (inventory.isInFlight(entry)) return false;
        if ("record" in entry) return await removeExtra(entry, remover);
        if (this.#isUsedSince(entry)) return false;
        return await this.#removePackage(entry, remover, (failure) => failed.push(failure));
      });
      if (isRemoved) continue;
      kept.files++;
      kept.bytes += bytes;
      if (current !== false) kept.current++;
    }
    recordRemovals();
    const bytesFreed = removed.reduce((sum, { bytes }) => sum + bytes, 0);
    const { unmet } = planned;
    // Room is checked all the time; only runs that made some, or failed to, matter.
    if (cause !== "room" || removed.length + failed.length > 0 || unmet !== null) {
      index.removals.recordCleanup(number, {
        at,
        durationMs: Math.max(0, this.#now() - at),
        cause,
        removed: sumsOf(removed),
        failed: failed.length,
        failures: failed.slice(0, MAX_FAILURES),
        skipped,
        unmet,
      });
    }
    log.info("cleanup done", {
      removed: removed.length,
      bytes_freed: bytesFreed,
      failed: failed.length,
      skipped,
      ...(unmet === null ? {} : { unmet }),
    });
    return { ...planned, dryRun: false, removed, bytesFreed, failed, skipped, kept };
  }

  /**
   * Removes a package, its record and its signature. Returns false if the package is gone or has
   * been replaced; passes a signature that cannot be removed to `onFailure`.
   */
  async #removePackage(
    { directory, fileName, file, signature }: CachedPackage,
    remover: Remover,
    onFailure: (failure: FailedRemoval) => void,
  ): Promise<boolean> {
    if (!await remover.remove(directory, file)) return false;
    this.#options.index.forgetFile(directory, fileName);
    if (signature !== null) {
      await remover.remove(directory, signature).catch((error) =>
        onFailure({ path: `${directory}/${signature.name}`, why: reasonOf(error) })
      );
    }
    return true;
  }

  #isUsedSince({ directory, fileName, usedAt }: CachedPackage): boolean {
    return (this.#options.index.usedAt(directory, fileName) ?? usedAt) > usedAt;
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

/** Removes a file of `extra_paths`, unless it was used or replaced, which changes its record. */
async function removeExtra(
  { directory, file, record }: CachedExtra,
  remover: Remover,
): Promise<boolean> {
  if (!await remover.remove(directory, record)) return false;
  return await remover.remove(directory, file);
}

/** ID of the plan to remove these files, whatever their order. */
async function nameOf(removals: readonly Removal[]): Promise<string> {
  const hash = createHash("sha256");
  const slice = new TimeSlice();
  const inOrder = await sortedInSlices(removals, (a, b) => a.path < b.path ? -1 : 1);
  for (const { reason, bytes, path } of inOrder) {
    if (slice.isOver) await slice.renew();
    hash.update(`${reason} ${bytes} ${path}\n`);
  }
  return hash.digest("hex").slice(0, PLAN_NAME_LENGTH);
}

/** Long enough that no two plans are confused. */
const PLAN_NAME_LENGTH = 32;

/** Number of files and bytes by reason. */
function sumsOf(removed: readonly Removal[]): { reason: string; files: number; bytes: number }[] {
  const sums = new Map<string, { reason: string; files: number; bytes: number }>();
  for (const { reason, bytes } of removed) {
    const sum = sums.get(reason) ?? { reason, files: 0, bytes: 0 };
    sums.set(reason, { reason, files: sum.files + 1, bytes: sum.bytes + bytes });
  }
  return [...sums.values()];
}

function sizeOf(leftovers: readonly Leftover[]): number {
  return leftovers.reduce((sum, { file }) => sum + file.size, 0);
}

/** The oldest files, as many as free `bytes`. */
function oldestOf(spares: readonly Leftover[], bytes: number): Leftover[] {
  let left = bytes;
  return spares.toSorted((a, b) => a.file.changed - b.file.changed).filter(({ file }) => {
    const isTaken = left > 0;
    left -= file.size;
    return isTaken;
  });
}

function leftoverRemoval({ directory, file, reason, why }: Leftover): Removal {
  return { path: `${directory}/${file.name}`, bytes: file.size, reason, why };
}
