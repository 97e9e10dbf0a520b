import type { MirrorReport } from "../../api/mirror_report.ts";
import type { Upstream } from "../../mirroring/mirrors/upstream.ts";
import type { Mirror } from "../../mirroring/mirrors/mirror.ts";

/** All mirrors and archives, in the order of the configuration. */
export function mirrorReports(accesses: ReadonlyMap<string, Upstream>): MirrorReport[] {
  return [...accesses].flatMap(([upstream, { pool }]) => [
    ...pool.mirrors.map((mirror) => reportOf(mirror, upstream, "mirror")),
    ...(pool.archive === null ? [] : [reportOf(pool.archive, upstream, "archive")]),
  ]);
}

function reportOf(
  { name, health }: Mirror,
  upstream: string,
  role: MirrorReport["role"],
): MirrorReport {
  const { restMs, latencyMs, failures, inFlight, lastError } = health;
  return {
    upstream,
    name,
    role,
    state: restMs > 0 ? "resting" : latencyMs === null ? "unused" : "ready",
    latency_ms: latencyMs === null ? null : Math.round(latencyMs),
    failures,
    rests_ms: Math.ceil(restMs),
    in_flight: inFlight,
    last_error: lastError,
  };
}
