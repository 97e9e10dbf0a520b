import {
  LIST_MIRRORS,
  type MirrorReport,
  type MirrorTrial,
  TEST_MIRRORS,
} from "../../api/mirrors.ts";
import type { Mirror } from "../../mirroring/mirrors/mirror.ts";
import type { Upstream } from "../../mirroring/mirrors/upstream.ts";
import type { Repository } from "../../repositories/repository.ts";
import { handle, type Route } from "./route.ts";

export const mirrorRoutes: readonly Route[] = [
  handle(LIST_MIRRORS, ({ mirroring: { upstreams } }) => ({
    mirrors: mirrorReports(upstreams),
  })),
  handle(TEST_MIRRORS, async ({ mirroring: { upstreams, tree } }) => {
    const repositories = [...tree.repositories];
    const trials = [...upstreams].flatMap((upstream) => {
      const repository = repositories.find((each) => each.upstream === upstream.name) ?? null;
      const { mirrors, archive } = upstream.pool;
      return [
        ...mirrors.map((mirror) => tryMirror(upstream, mirror, repository)),
        // An archive has no databases.
        ...(archive === null ? [] : [tryMirror(upstream, archive, null)]),
      ];
    });
    return { mirrors: await Promise.all(trials) };
  }),
];

/** All mirrors and archives, in the order of the configuration. */
export function mirrorReports(upstreams: Iterable<Upstream>): MirrorReport[] {
  return [...upstreams].flatMap(({ name, pool }) => [
    ...pool.mirrors.map((mirror) => mirrorReport(mirror, name, "mirror")),
    ...(pool.archive === null ? [] : [mirrorReport(pool.archive, name, "archive")]),
  ]);
}

function mirrorReport(
  { name, health }: Mirror,
  upstream: string,
  role: MirrorReport["role"],
): MirrorReport {
  const { restMs, latencyMs, bytesPerSecond, failures, inFlight, lastError } = health;
  return {
    upstream,
    name,
    role,
    state: restMs > 0 ? "resting" : latencyMs === null ? "unused" : "ready",
    latency_ms: latencyMs === null ? null : Math.round(latencyMs),
    bytes_per_second: bytesPerSecond === null ? null : Math.round(bytesPerSecond),
    failures,
    rests_ms: Math.ceil(restMs),
    in_flight: inFlight,
    last_error: lastError,
  };
}

/**
 * Requests the date of a repository's database from a mirror, or makes no request if it is null.
 */
async function tryMirror(
  upstream: Upstream,
  mirror: Mirror,
  repository: Repository | null,
): Promise<MirrorTrial> {
  const trial: MirrorTrial = {
    upstream: upstream.name,
    name: mirror.name,
    file: null,
    ms: null,
    last_modified: null,
    error: null,
  };
  if (repository === null) return trial;
  const file = `${repository.name}.db`;
  const result = await upstream.probe(mirror, repository, file);
  if ("error" in result) return { ...trial, file, error: result.error };
  return {
    ...trial,
    file,
    ms: Math.round(result.milliseconds),
    last_modified: result.headers.get("last-modified"),
  };
}
