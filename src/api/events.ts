import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { LIMIT, numberInQuery } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

const EVENT = z.object({
  number: COUNT.describe("Counts from 1 on."),
  at: TIMESTAMP.describe("When the change was made."),
  who: z.string().describe("administrator, or the name of the token."),
  address: z.string().describe("The address that the request came from."),
  action: z.string().describe("What was done."),
  request: z.string().describe("Method and path of the request."),
  details: z.looseObject({}).describe("Further facts, by their names."),
}).describe("A change that was made with the API.");

const EVENT_LIST = z.object({
  events: z.array(EVENT).describe("The latest changes, the newest first."),
}).describe("The audit log.");

export type EventReport = z.infer<typeof EVENT>;

export const LIST_EVENTS = endpoint({
  method: "GET",
  path: "/api/v1/events",
  summary: "List the changes that were made",
  query: {
    limit: LIMIT,
    before: numberInQuery(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).describe(
      "Only changes with lower numbers than this.",
    ),
  },
  answers: { 200: EVENT_LIST },
});
