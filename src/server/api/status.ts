import { type DatabaseReport, SHOW_STATUS, type Status } from "../../api/status.ts";
import { hitRatio } from "../../history/tally.ts";
import type { Snapshots } from "../../mirroring/databases/snapshots.ts";
import type { Repository } from "../../repositories/repository.ts";
import { freeSpace } from "../../platform/files/free_space.ts";
import type { Publishing } from "../../publishing/publishing.ts";
import { VERSION } from "../../version.ts";
import type { Context } from "../context.ts";
import { mirrorReports } from "./mirrors.ts";
import { timestamp, timestampOrNull } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

/** Maximum age of the cache's size. */
const MAX_SIZE_AGE_MS = 5_000;

export const statusRoutes: readonly Route[] = [
  handle(SHOW_STATUS, (call) => statusOf(call)),
];

async function statusOf(
  { config, mirroring, publishing, building, metrics, startedAt }: Context,
): Promise<Status> {
  const { layout, cacheWatch, index, cacheSize, cycle, downloads, snapshots, upstreams } =
    mirroring;
  const [totals, bytes, free, repositories] = await Promise.all([
    metrics.totals(),
    cacheSize.bytes(MAX_SIZE_AGE_MS),
    freeSpace(layout.root),
    mirroring.repositoriesInUse(),
  ]);
  const states = mirrorReports(upstreams).map(({ state }) => state);
  const inState = (wanted: string) => states.filter((state) => state === wanted).length;
  return {
    version: VERSION,
    started_at: timestamp(startedAt.wall),
    uptime_ms: Math.round(performance.now() - startedAt.monotonic),
    requests: totals.requests,
    hit_ratio: hitRatio(totals.requests),
    bytes: {
      served: totals.bytesServed,
      fetched: totals.bytesFetched,
      saved: Math.max(0, totals.bytesServed - totals.bytesFetched),
    },
    cache: {
      root: layout.root,
      bytes: Number.isNaN(bytes) ? null : bytes,
      packages: index.count(),
      max_bytes: config.maxCacheBytes === 0 ? null : config.maxCacheBytes,
      problem: await cacheWatch.problem(),
      disk_free_bytes: free,
    },
    refresh: cycle.isRunning ? "running" : "idle",
    databases: await Promise.all(repositories.map((each) => databaseOf(each, snapshots))),
    mirrors: {
      ready: inState("ready"),
      resting: inState("resting"),
      unused: inState("unused"),
    },
    mirrorlists: upstreams.mirrorlists.map(({ readAt, ...list }) => ({
      ...list,
      read_at: timestampOrNull(readAt),
    })),
    downloads: [...downloads.entries()].length,
    builds: building.builds.summary(),
    messages: building.notices.standing,
    expiring_keys: await expiringKeys(publishing),
  };
}

async function expiringKeys(
  { repositories, signing }: Publishing,
): Promise<Status["expiring_keys"]> {
  if (!repositories.some(({ settings }) => settings.signing === "required")) return [];
  // Unreadable keys are reported in the log, and by everything that signs.
  const keys = await signing.expiring().catch(() => []);
  return keys.flatMap(({ fingerprint, expiresAt }) =>
    expiresAt === null ? [] : [{ fingerprint, expires_at: expiresAt.toISOString() }]
  );
}

async function databaseOf(
  repository: Repository,
  snapshots: Snapshots,
): Promise<DatabaseReport> {
  const snapshot = await snapshots.current(repository);
  const { checkedBefore, failed } = snapshots.standingOf(repository);
  return {
    repository: repository.directory,
    generation: snapshot?.generation ?? null,
    mirror: snapshot?.mirror ?? null,
    published_at: snapshot === null ? null : timestamp(snapshot.publishedAt),
    last_modified: snapshot?.members.db.lastModified ?? null,
    age_ms: snapshot === null ? null : Math.max(0, Date.now() - snapshot.publishedAt),
    checked_ms: checkedBefore === null ? null : Math.round(checkedBefore),
    failed,
    gone_since: snapshot === null || snapshot.goneSince === null
      ? null
      : timestamp(snapshot.goneSince),
  };
}
