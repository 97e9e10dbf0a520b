import { delay } from "@std/async/delay";
import { exchange } from "./http_exchange.ts";

const POLL_INTERVAL_MS = 5;

/** The samples of a daemon's `/metrics`, by name and labels as they are written there. */
export async function metricsOf(origin: string): Promise<Map<string, number>> {
  const { text } = await exchange(origin, "/metrics");
  return new Map(
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/**
 * Waits until a daemon has no download in flight, so that what clients have received is in the
 * cache. Polls, because a daemon has no event for it.
 */
export async function untilDownloadsEnd(origin: string, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  while ((await metricsOf(origin)).get("pkgstash_downloads_in_flight") !== 0) {
    await delay(POLL_INTERVAL_MS, options);
  }
}
