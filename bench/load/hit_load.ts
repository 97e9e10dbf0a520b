import { exchange } from "./client.ts";
import type { PackageFile } from "./repository.ts";
import { GIGABYTE, MEGABYTE, type Round } from "./scenario.ts";
import type { Subject } from "./subject.ts";
import { runWrk } from "./wrk.ts";

/** Equal requests for a file that is in the cache. */
export interface HitLoad {
  readonly file: PackageFile;
  readonly connections: number;
  /** Such as `Range: bytes=0-99`, and what the answer to such a request is. */
  readonly condition?: {
    readonly name: string;
    readonly value: string;
    readonly status: number;
    readonly bodyBytes: number;
  };
}

/** Figures of a load, by request and by byte. */
export interface HitFigures {
  readonly requestsPerSecond: number;
  readonly megabytesPerSecond: number;
  /** CPU time of the subject. */
  readonly cpuMicrosecondsPerRequest: number;
  readonly cpuSecondsPerGigabyte: number;
  /** How busy the thread of the load generator was. */
  readonly loadCpuPercent: number;
}

/** Lets wrk make equal requests for as long as a round says. */
export async function measureHits(
  subject: Subject,
  { bed, loadSeconds }: Pick<Round, "bed" | "loadSeconds">,
  { file, connections, condition }: HitLoad,
): Promise<HitFigures> {
  await subject.settle(file);
  const path = subject.urlPath(file.path);
  const bodyBytes = condition?.bodyBytes ?? file.payload.size;
  if (condition !== undefined) {
    const { name, value, status } = condition;
    const answer = await exchange(subject.port, path, { headers: { [name]: value } });
    if (answer.status !== status || answer.bodyBytes !== bodyBytes) {
      throw new Error(
        `Status ${answer.status} and ${answer.bodyBytes} bytes for ${path} with ${name}: ${value}`,
      );
    }
  }
  const cpuBefore = subject.cpuSeconds();
  const load = await runWrk(bed.workspace, {
    port: subject.port,
    path,
    connections,
    durationSeconds: loadSeconds,
    ...(condition === undefined ? {} : { header: `${condition.name}: ${condition.value}` }),
  });
  const cpuSeconds = subject.cpuSeconds() - cpuBefore;
  if (load.bytes < load.requests * bodyBytes) {
    throw new Error(`The answers for ${file.path} were too short`);
  }
  const seconds = load.durationMs / 1000;
  return {
    requestsPerSecond: load.requests / seconds,
    megabytesPerSecond: load.bytes / MEGABYTE / seconds,
    cpuMicrosecondsPerRequest: cpuSeconds * 1e6 / load.requests,
    cpuSecondsPerGigabyte: cpuSeconds / (load.bytes / GIGABYTE),
    loadCpuPercent: load.cpuSeconds / seconds * 100,
  };
}
