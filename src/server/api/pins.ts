import { ADD_PIN, LIST_PINS, type PinReport, REMOVE_PIN } from "../../api/pins.ts";
import { PkgstashError } from "../../errors.ts";
import type { IndexedPin } from "../../mirroring/cache/cache_index.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route, withStatus } from "./route.ts";

export const pinRoutes: readonly Route[] = [
  handle(LIST_PINS, ({ config, mirroring: { index } }) => ({
    pins: [
      ...config.pinnedPackages.map((pattern): PinReport => ({
        pattern,
        source: "configuration",
        since: null,
      })),
      ...index.pins().map(pinReport),
    ],
  })),
  handle(ADD_PIN, ({ path: { pattern }, mirroring: { index } }) => {
    const now = Date.now();
    const isNew = index.pin(pattern, now);
    const pin = index.pins().find((each) => each.pattern === pattern) ?? { pattern, since: now };
    return withStatus(isNew ? 201 : 200, pinReport(pin));
  }),
  handle(REMOVE_PIN, ({ path: { pattern }, config, mirroring: { index } }) => {
    if (index.unpin(pattern)) return;
    throw config.pinnedPackages.includes(pattern)
      ? new PkgstashError(
        "conflict",
        `Cannot unpin ${pattern}: it is in pinned_packages. Remove it from the configuration.`,
      )
      : new PkgstashError(
        "not_found",
        `Cannot unpin ${pattern}: no such pin. List the pins to see their patterns.`,
      );
  }),
];

function pinReport({ pattern, since }: IndexedPin): PinReport {
  return { pattern, source: "api", since: timestamp(since) };
}
