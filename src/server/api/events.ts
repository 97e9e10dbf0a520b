import { type EventReport, LIST_EVENTS } from "../../api/events.ts";
import type { Event } from "../../administration/event.ts";
import { handle, type Route } from "./route.ts";
import { wordsOf } from "./words.ts";

export const eventRoutes: readonly Route[] = [
  handle(LIST_EVENTS, async ({ query, administration: { events } }) => {
    const { limit, before, kind, q, who, since, until } = query;
    const found = await events.list({
      limit,
      before,
      words: wordsOf(q),
      ...(kind === null ? {} : { kinds: kind }),
      ...(who === undefined ? {} : { who }),
      ...(since === undefined ? {} : { since: Date.parse(since) }),
      ...(until === undefined ? {} : { until: Date.parse(until) }),
    });
    return { events: found.map(eventReport) };
  }),
];

function eventReport({ number, kind, at, who, address, action, request, details }: Event) {
  return { number, kind, at, who, address, action, request, details } satisfies EventReport;
}
