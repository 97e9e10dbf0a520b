import type { PlanEvent, PrefetchEvent } from "../prefetch/prefetch_events.ts";

/** One step of a refresh, as `/api/v1/refresh` reports it. Sizes are in bytes. */
export type RefreshEvent =
  | { event: "database"; repository: string; status: "started" | "current" | "updated" }
  | { event: "database"; repository: string; status: "failed"; reason: string }
  | PlanEvent
  | PrefetchEvent
  | { event: "cleanup"; status: "done"; removed: number; bytes_freed: number }
  | { event: "cleanup"; status: "skipped"; reason: string }
  | { event: "done"; databases: number; failed: number; prefetched: number };

export type RefreshListener = (event: RefreshEvent) => void;
