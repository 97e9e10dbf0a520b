import { REFRESH, type RefreshProgressEvent } from "../../api/refresh.ts";
import { PkgstashError } from "../../errors.ts";
import type { RefreshCycle } from "../../mirroring/refresh/refresh_cycle.ts";
import { INTERNAL_ERROR } from "../responses.ts";
import { handle, type Route } from "./route.ts";

export const refreshRoutes: readonly Route[] = [
  handle(REFRESH, ({ mirroring: { cycle } }) => {
    if (cycle.isRunning) {
      throw new PkgstashError(
        "conflict",
        "Cannot refresh: a refresh is already in progress. Wait for it to finish.",
      );
    }
    return eventsOf(cycle);
  }),
];

/**
 * Starts a cycle and streams its events. The cycle continues even when nobody reads them any more.
 */
function eventsOf(cycle: RefreshCycle): ReadableStream<RefreshProgressEvent> {
  let isRead = true;
  return new ReadableStream<RefreshProgressEvent>({
    start: (controller) => {
      const report = (event: RefreshProgressEvent) => {
        if (isRead) controller.enqueue(event);
      };
      cycle.run(report)
        .catch((error) => report(failedEvent(error)))
        .finally(() => isRead && controller.close());
    },
    cancel: () => {
      isRead = false;
    },
  });
}

function failedEvent(error: unknown): RefreshProgressEvent {
  return error instanceof PkgstashError
    ? { event: "failed", kind: error.kind, reason: error.message }
    : { event: "failed", kind: "internal", reason: INTERNAL_ERROR };
}
