import { z } from "zod";
import { LOG_LEVELS } from "../log_level.ts";
import { endpoint } from "./endpoint.ts";

const level = z.enum(LOG_LEVELS).describe("The least severe level that is logged.");

const LOG_LEVEL = z.object({ level })
  .describe("The log level in force until the next start or reload.");

export const SHOW_LOG_LEVEL = endpoint({
  method: "GET",
  path: "/api/v1/log-level",
  summary: "Show the log level",
  answers: { 200: LOG_LEVEL },
});

export const SET_LOG_LEVEL = endpoint({
  method: "PUT",
  path: "/api/v1/log-level",
  summary: "Set the log level",
  body: z.strictObject({ level }).describe("The new log level."),
  answers: { 200: LOG_LEVEL },
});
