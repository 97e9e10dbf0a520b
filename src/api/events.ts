import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { LIMIT, numberInQuery } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const KIND = z.enum(["change", "login", "daemon", "refresh", "download", "cleanup", "build"])
  .describe(
    "A change through the API, a sign-in to the web admin, a start, stop or reload, a refresh, " +
      "a download with a failed mirror, a cleanup, or a finished build.",
  );

const EVENT = z.object({
  number: COUNT.describe("Counts up from 1."),
  kind: KIND,
  at: TIMESTAMP.describe("When it happened."),
  who: z.string().describe(
    "administrator, the name of the token, or pkgstash for the daemon itself.",
  ),
  address: z.string().describe("The address that the request came from; empty without one."),
  action: z.string().describe("What was done."),
  request: z.string().describe("Method and path of the request; empty without one."),
  details: z.looseObject({}).describe(
    "Further facts by name; `times` counts equal events of the minute before.",
  ),
}).describe("Something that happened.");

const EVENT_LIST = z.object({
  events: z.array(EVENT).describe("Matching events, newest first."),
}).describe("The audit log of changes, and the daemon's own actions.");

export type EventReport = z.infer<typeof EVENT>;
export type EventKind = z.infer<typeof KIND>;

/** Every kind of event. */
export const EVENT_KINDS: readonly EventKind[] = KIND.options;

/** Words of a list, separated by commas; null if it is left out. */
const KINDS = z.string().optional().transform((text, context) => {
  if (text === undefined) return null;
  const kinds = z.array(KIND).safeParse(text.split(","));
  if (kinds.success) return kinds.data;
  context.addIssue({
    code: "custom",
    message: `must be some of ${KIND.options.join(", ")}, separated by commas`,
  });
  return z.NEVER;
});

const TIME_IN_QUERY = z.iso.datetime({ offset: true }).optional();

export const LIST_EVENTS = endpoint({
  method: "GET",
  path: "/api/v1/events",
  summary: "List changes and the daemon's own actions",
  query: {
    limit: LIMIT,
    before: numberInQuery(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).describe(
      "Only events with lower numbers than this.",
    ),
    kind: KINDS.describe("Only events of these kinds, separated by commas."),
    q: z.string().max(200).optional().describe(
      "Only events that contain all of these words, in any case.",
    ),
    who: z.string().max(200).optional().describe("Only events caused by this one."),
    since: TIME_IN_QUERY.describe("Only events from this time on."),
    until: TIME_IN_QUERY.describe("Only events before this time."),
  },
  answers: { 200: EVENT_LIST },
});
