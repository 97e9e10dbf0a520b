import { freeSpace } from "../platform/files/free_space.ts";
import type { Gauge, Sample } from "../platform/observability/metrics.ts";
import type { Mirror } from "../mirroring/mirrors/mirror.ts";
import { VERSION } from "../version.ts";
import type { Context } from "./context.ts";

/** The parts of the daemon's state that are measured. */
type State = Pick<Context, "mirroring" | "building" | "startedAt">;

/** A gauge and how to read its current value; an unknown value yields no sample. */
interface StateMetric extends Gauge {
  read(state: State): Iterable<OpenSample> | Promise<Iterable<OpenSample>>;
}

interface OpenSample {
  readonly label?: string;
  readonly value: number | null;
}

/** The gauges of the daemon's state; counters are kept elsewhere. */
export const STATE_METRICS: readonly StateMetric[] = [
  {
    name: "pkgstash_build_info",
    help: "1, with the version of the daemon.",
    label: "version",
    read: () => [{ label: VERSION, value: 1 }],
  },
  {
    name: "pkgstash_start_time_seconds",
    help: "Start time of the daemon, in seconds since the epoch.",
    read: ({ startedAt }) => [{ value: seconds(startedAt.wall) }],
  },
  {
    name: "pkgstash_disk_free_bytes",
    help: "Free bytes on the disk of the cache.",
    read: async ({ mirroring }) => [{ value: await freeSpace(mirroring.layout.root) }],
  },
  {
    name: "pkgstash_last_refresh_timestamp_seconds",
    help: "Time of the last successful refresh of the databases, in seconds since the epoch.",
    read: async ({ mirroring }) => [{ value: seconds(await mirroring.lastRefresh.at()) }],
  },
  {
    name: "pkgstash_database_published_timestamp_seconds",
    help: "Time at which this server published the served database of a repository, in seconds " +
      "since the epoch.",
    label: "repository",
    read: async ({ mirroring }) =>
      await Promise.all((await mirroring.repositoriesInUse()).map(async (repository) => ({
        label: repository.directory,
        value: seconds((await mirroring.snapshots.current(repository))?.publishedAt ?? null),
      }))),
  },
  {
    name: "pkgstash_database_checked_timestamp_seconds",
    help: "Time at which a repository's database was last compared with a mirror's, in seconds " +
      "since the epoch.",
    label: "repository",
    read: async ({ mirroring }) =>
      (await mirroring.repositoriesInUse()).map((repository) => {
        const { checkedBefore } = mirroring.snapshots.standingOf(repository);
        const checkedAt = checkedBefore === null ? null : Date.now() - checkedBefore;
        return { label: repository.directory, value: seconds(checkedAt) };
      }),
  },
  {
    name: "pkgstash_builds",
    help: "Kept builds, by state.",
    label: "state",
    read: ({ building }) =>
      Object.entries(building.builds.counts()).map(([label, value]) => ({ label, value })),
  },
  {
    name: "pkgstash_builders",
    help: "Builders seen recently.",
    read: ({ building }) => [{ value: building.builds.summary().builders }],
  },
  {
    name: "pkgstash_upstream_bytes_per_second",
    help: "Throughput of a mirror in its recent transfers.",
    label: "mirror",
    read: (state) =>
      mirrorsOf(state).map(({ name, health }) => ({
        label: name,
        value: health.bytesPerSecond,
      })),
  },
  {
    name: "pkgstash_upstream_resting",
    help: "1 while a mirror rests after failures, otherwise 0.",
    label: "mirror",
    read: (state) =>
      mirrorsOf(state).map(({ name, health }) => ({
        label: name,
        value: health.restMs > 0 ? 1 : 0,
      })),
  },
];

/** Adds the gauges of the daemon's state, which are read whenever metrics are requested. */
export function observeState(context: State & Pick<Context, "metrics">): void {
  for (const { read, ...gauge } of STATE_METRICS) {
    context.metrics.observe(gauge, async () => known(await read(context)));
  }
}

function known(samples: Iterable<OpenSample>): Sample[] {
  return [...samples].flatMap(({ value, ...rest }) => value === null ? [] : [{ ...rest, value }]);
}

/** Each mirror once, even if several upstreams have it. */
function mirrorsOf({ mirroring }: State): Mirror[] {
  const mirrors = [...mirroring.upstreams].flatMap(({ pool }) => pool.mirrors);
  return [...new Map(mirrors.map((mirror) => [mirror.name, mirror])).values()];
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
