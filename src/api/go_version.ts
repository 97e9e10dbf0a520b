import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";

/** The two routes of the Go version, kept for its scripts and timers. They fail in plain text. */

export const GO_REFRESH = endpoint({
  method: "POST",
  path: "/api/refresh",
  summary: "Refresh, as in the Go version",
  isChange: false,
  isLong: true,
  failsInText: true,
  answers: { 204: empty("Everything is refreshed.") },
  failures: {
    409: "Another refresh is in progress",
    502: "A part of it failed and the rest is done; the body has the reasons",
  },
});

export const GO_SET_LOG_LEVEL = endpoint({
  method: "POST",
  path: "/api/loglevel",
  summary: "Set the log level, as in the Go version",
  failsInText: true,
  body: z.object({
    loglevel: z.string().toLowerCase().pipe(z.enum(["debug", "info", "warn", "warning", "error"]))
      .describe("One of debug, info, warn, warning and error, in any case."),
  }).describe("The new log level."),
  answers: { 204: empty("The log level is set.") },
});
