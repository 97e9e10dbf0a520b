import { concat } from "@std/bytes/concat";
import { exchange } from "../../support/http_exchange.ts";
import type { Cluster } from "./cluster.ts";

/** More than the number of times that any test cuts a file off or removes a node. */
const MAX_ATTEMPTS = 50;

/** Gets a file as pacman does: what broke off is resumed, and a refused resume begins again. */
export async function download(cluster: Cluster, path: string): Promise<Download> {
  const servedBy = new Set<string>();
  let received = new Uint8Array();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const start = received.length;
    const headers = start === 0 ? undefined : { range: `bytes=${start}-` };
    const answer = await exchange(cluster.origin, path, headers === undefined ? {} : { headers })
      .catch(() => null);
    if (answer === null || answer.status >= 500) continue;
    servedBy.add(answer.headers.get("x-served-by") ?? "");
    if (answer.status === 416) {
      received = new Uint8Array();
      continue;
    }
    if (answer.status !== (start === 0 ? 200 : 206)) {
      throw new Error(`Cannot get ${path}: the status is ${answer.status}.`);
    }
    received = concat([received, answer.body]);
    if (answer.isComplete) return { bytes: received, servedBy };
  }
  throw new Error(`Cannot get ${path}: it broke off ${MAX_ATTEMPTS} times.`);
}

/** What a client has received. */
export interface Download {
  readonly bytes: Uint8Array;
  /** The nodes that sent it, by the X-Served-By of the balancer. */
  readonly servedBy: ReadonlySet<string>;
}

/** The order of the n-th client: each begins elsewhere. */
export function inOrderOf(client: number, names: readonly string[]): string[] {
  const first = client * 37 % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}
