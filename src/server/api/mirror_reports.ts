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
  const { rest, latency, failures, inFlight, lastError } = health;
  return {
    upstream,
    name,
    role,
    state: rest > 0 ? "resting" : latency === null ? "unused" : "ready",
    latency_ms: latency === null ? null : Math.round(latency),
    failures,
    rests_ms: Math.ceil(rest),
    in_flight: inFlight,
    last_error: lastError,
  };
}
