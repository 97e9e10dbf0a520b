import { object, text } from "../../api/schema.ts";
import { currentLogLevel, setLogLevel } from "../../platform/observability/logging.ts";
import type { ApiRoute } from "./api_route.ts";
import { readShortBody, textMember } from "../short_body.ts";
import { textResponse } from "../text_response.ts";

/** Spellings of the levels, those of the original among them. */
const LEVELS = new Map(
  [
    ["debug", "debug"],
    ["info", "info"],
    ["warn", "warning"],
    ["warning", "warning"],
    ["error", "error"],
  ] as const,
);

/** `POST /api/loglevel` with `{"loglevel": "debug"}`: 204, and the level counts from then on. */
export const originalLogLevelRoute: ApiRoute = {
  method: "POST",
  path: "/api/loglevel",
  summary: "Set the log level, as the original did",
  failsInText: true,
  body: object(
    { loglevel: text("debug, info, warn or warning, or error, in any case") },
    "The level.",
  ),
  answers: [{ status: 204, description: "The level counts from now on.", content: null }],
  failures: { 400: "The body names no level" },
  handle: async ({ request }) => {
    const wanted = textMember(await readShortBody(request), "loglevel")?.toLowerCase();
    const level = LEVELS.get(wanted as "debug");
    if (level === undefined) {
      const levels = [...new Set(LEVELS.values())].join(", ");
      return textResponse(
        400,
        `Expected {"loglevel": LEVEL} with one of ${levels}; the level stays ${currentLogLevel()}.`,
      );
    }
    setLogLevel(level);
    return new Response(null, { status: 204 });
  },
};
