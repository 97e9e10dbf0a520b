import { REQUEST_RESULTS, type RequestResult } from "../platform/observability/metrics.ts";

/** Counts of a period, for a client, a repository or everything. */
export interface Tally extends Record<RequestResult, number> {
  bytesServed: number;
  /** Bytes served without a transfer from a mirror. */
  bytesSaved: number;
  /** Bytes received from mirrors; counted by repository, never by client. */
  bytesFetched: number;
}

/** The column of each count. */
export const TALLY_COLUMNS = {
  ...Object.fromEntries(REQUEST_RESULTS.map((result) => [result, `requests_${result}`])) as {
    [Result in RequestResult]: `requests_${Result}`;
  },
  bytesServed: "bytes_served",
  bytesSaved: "bytes_saved",
  bytesFetched: "bytes_fetched",
} as const satisfies Record<keyof Tally, string>;

export const TALLY_KEYS = Object.keys(TALLY_COLUMNS) as (keyof Tally)[];

export function emptyTally(): Tally {
  return {
    hit: 0,
    miss: 0,
    join: 0,
    stale: 0,
    direct: 0,
    not_modified: 0,
    not_found: 0,
    refused: 0,
    error: 0,
    bytesServed: 0,
    bytesSaved: 0,
    bytesFetched: 0,
  };
}

export function addTally(to: Tally, added: Readonly<Tally>): void {
  for (const key of TALLY_KEYS) to[key] += added[key];
}

export function requestsIn(tally: Readonly<Tally>): number {
  return REQUEST_RESULTS.reduce((sum, result) => sum + tally[result], 0);
}

/**
 * The share of requests for existing files that needed no transfer of their own, from 0 to 1; null
 * without requests.
 */
export function hitRatio(requests: Readonly<Record<RequestResult, number>>): number | null {
  const hits = requests.hit + requests.join + requests.stale + requests.not_modified;
  const all = hits + requests.miss + requests.direct;
  return all === 0 ? null : hits / all;
}

/** Sorts by bytes served, the most first, so that many idle clients cannot displace active ones. */
export function ranked(tallies: ReadonlyMap<string, Tally>): (readonly [string, Tally])[] {
  return [...tallies].sort(([, one], [, other]) => other.bytesServed - one.bytesServed);
}
