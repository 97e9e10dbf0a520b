import { LIST_EVENTS } from "../../api/events.ts";
import { handle, type Route } from "./route.ts";

export const eventRoutes: readonly Route[] = [
  handle(LIST_EVENTS, async ({ query, administration: { events } }) => ({
    events: await events.list(query),
  })),
];
