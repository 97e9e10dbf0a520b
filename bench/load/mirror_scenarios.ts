import { exchange } from "./client.ts";
import { TOKEN } from "./contestant.ts";
import type { Instance } from "./instance.ts";
import { Probe } from "./probe.ts";
import { REPOSITORY } from "./repository.ts";
import type { Scale } from "./scale.ts";
import { measure, MEBIBYTE, MEGABYTE, type Round, type Scenario } from "./scenario.ts";
import type { Subject } from "./subject.ts";

/** What an instance does that begins with an empty cache: updates, databases, several mirrors. */
export function mirrorScenarios(
  { updatedPackages, databasePackages }: Scale,
): readonly Scenario[] {
  const count = databasePackages.toLocaleString("en");
  return [
    {
      name: "pacman",
      isOfNewInstances: true,
      measures: [
        measure(
          "pacmanColdSeconds",
          `pacman -Syu of ${updatedPackages} packages, cold`,
          "s",
          "lower",
          2,
        ),
        measure("pacmanHotSeconds", "  hot", "s", "lower", 2),
        measure("pacmanUpstreamCopies", "  fetched from the mirror", "copies", "lower", 2),
      ],
      run: updateMachines,
    },
    {
      name: "databases",
      isOfNewInstances: true,
      measures: [
        measure("databaseMs", `database of ${count} packages, first answer`, "ms", "lower"),
        measure("databaseCpuSeconds", "  CPU", "s", "lower", 2),
        measure("databaseRefreshCpuSeconds", "  refresh to the next one, CPU", "s", "lower", 2),
        measure("databasePeakMiB", "  peak memory", "MiB", "lower"),
        measure("databaseLongestMs", "  longest answer to a small hit meanwhile", "ms", "lower", 1),
        measure("database99Ms", "  99 % of those within", "ms", "lower", 1),
      ],
      run: fetchDatabases,
    },
    {
      name: "four-mirrors",
      needs: "stripes",
      isOfNewInstances: true,
      measures: [
        measure(
          "fourMirrorsMegabytesPerSecond",
          "miss, 100 MiB, four mirrors of 20 MB/s",
          "MB/s",
          "higher",
        ),
        measure("oneMirrorMegabytesPerSecond", "  one of them", "MB/s", "higher"),
        measure("fourMirrorsRatio", "  four in place of one", "times", "higher", 2),
      ],
      run: compareMirrors,
    },
  ];
}

/** Two machines one after the other: the first one finds nothing in the cache. */
async function updateMachines(
  subject: Subject,
  { bed: { update }, mirror }: Round,
): Promise<readonly number[]> {
  await using instance = await subject.startEmpty({
    repositories: [REPOSITORY.name, update.repository],
  });
  const sentBefore = await mirror.bytesSentOf(update.path);
  const machine = () => update.measureSeconds(instance.port, instance.urlPath(""));
  const cold = await machine();
  await instance.rest();
  const hot = await machine();
  const sent = await mirror.bytesSentOf(update.path) - sentBefore;
  return [cold, hot, sent / update.bytes];
}

async function fetchDatabases(
  subject: Subject,
  { bed: { largeDatabase, repository } }: Round,
): Promise<readonly (number | null)[]> {
  await largeDatabase.publish(0);
  await using instance = await subject.startEmpty({
    repositories: [REPOSITORY.name, largeDatabase.repository],
  });
  await instance.fetchDatabase();
  await instance.rest();
  const peak = instance.watchMemory();
  const probe = await Probe.start(instance.port, instance.urlPath(repository.small.path));
  const cpuBefore = instance.cpuSeconds();
  const response = await exchange(instance.port, instance.urlPath(largeDatabase.path));
  if (response.status !== 200 || response.bodyBytes !== largeDatabase.size(0)) {
    throw new Error(`Status ${response.status} for ${largeDatabase.path}`);
  }
  await instance.rest();
  const firstCpu = instance.cpuSeconds() - cpuBefore;
  let refreshCpu: number | null = null;
  if (instance.has("refresh")) {
    await largeDatabase.publish(1);
    const refreshBefore = instance.cpuSeconds();
    await refresh(instance);
    await instance.rest();
    refreshCpu = instance.cpuSeconds() - refreshBefore;
  }
  const { longestMs, ms99 } = await probe.stop();
  return [response.durationMs, firstCpu, refreshCpu, peak() / MEBIBYTE, longestMs, ms99];
}

async function refresh({ port }: Instance): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/refresh`, {
    method: "POST",
    headers: { "Authorization": `Bearer ${TOKEN}` },
  });
  const events = await response.text();
  if (!events.includes('"status":"updated"') || !events.includes('"event":"done"')) {
    throw new Error(`The refresh brought no new database: ${response.status} ${events}`);
  }
}

async function compareMirrors(
  subject: Subject,
  { bed, fresh: { striped } }: Round,
): Promise<readonly number[]> {
  const { ports } = bed.slowMirrors;
  const megabytesPerSecond = async (
    mirrorPorts: readonly [number, ...number[]],
    file: typeof striped.one,
  ) => {
    await using instance = await subject.startEmpty({ mirrorPorts });
    await instance.fetchDatabase();
    // Whatever is learned of a mirror at the first transfer is known.
    await instance.fetchVerified(bed.repository.medium);
    await instance.rest();
    const { bodyBytes, durationMs } = await instance.fetchVerified(file);
    return bodyBytes / MEGABYTE / (durationMs / 1000);
  };
  const four = await megabytesPerSecond(ports, striped.several);
  const one = await megabytesPerSecond([ports[0]], striped.one);
  return [four, one, four / one];
}
