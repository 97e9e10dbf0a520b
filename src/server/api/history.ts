import { type HistoryReport, type RequestCounts, SHOW_TRAFFIC_HISTORY } from "../../api/history.ts";
import { PkgstashError } from "../../errors.ts";
import { canonicalAddress } from "../../formats/network/ip_address.ts";
import { hitRatio, type Tally } from "../../history/tally.ts";
import { OTHERS } from "../../history/unwritten_traffic.ts";
import { UNKNOWN_ADDRESS } from "../../repositories/leases.ts";
import { handle, type Route } from "./route.ts";
import { timestamp } from "./timestamp.ts";

export const historyRoutes: readonly Route[] = [
  handle(SHOW_TRAFFIC_HISTORY, async ({ query: { range, client, repository }, history }) => {
    if (client !== undefined && repository !== undefined) {
      throw new PkgstashError(
        "invalid_request",
        "Cannot show the history of a client in one repository: they are counted separately. " +
          "Ask for one or the other.",
      );
    }
    const subject = client !== undefined
      ? "client"
      : repository !== undefined
      ? "repository"
      : "all";
    const address = client === undefined ? null : clientIn(client);
    const name = address ?? repository ?? "";
    const { lengthS, periods, total } = await history.traffic({
      range,
      subject,
      name: name === "others" ? OTHERS : name,
    });
    const counts = (tally: Tally) => ({
      ...trafficOf(tally),
      bytes_fetched: subject === "client" ? null : tally.bytesFetched,
    });
    return {
      range,
      client: address,
      repository: repository ?? null,
      bucket_seconds: lengthS,
      buckets: periods.map(({ startS, tally }) => ({
        start: timestamp(startS * 1000),
        ...counts(tally),
      })),
      total: { ...counts(total), hit_ratio: hitRatio(total) },
    } satisfies HistoryReport;
  }),
];

/** What is counted, in the API's terms. */
export function trafficOf(
  tally: Tally,
): { requests: RequestCounts; bytes_served: number; bytes_saved: number } {
  const { bytesServed, bytesSaved, bytesFetched: _, ...requests } = tally;
  return { requests, bytes_served: bytesServed, bytes_saved: bytesSaved };
}

/** The address of a client as it is counted. */
function clientIn(text: string): string {
  if (text === "others" || text === UNKNOWN_ADDRESS) return text;
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw new PkgstashError(
    "invalid_request",
    `Cannot show the history of ${JSON.stringify(text)}: it is not an IP address. ` +
      "List the clients to see their addresses.",
  );
}
