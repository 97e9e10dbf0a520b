import { LOG_LEVEL } from "../../api/log_level.ts";
import { LOG_LEVELS } from "../../log_level.ts";
import { PkgstashError } from "../../errors.ts";
import { currentLogLevel, setLogLevel } from "../../platform/observability/logging.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";
import { readShortBody, textMember } from "../short_body.ts";

/** `PUT /api/v1/log-level` with `{"level": "debug"}`. */
export const setLogLevelRoute: ApiRoute = {
  method: "PUT",
  path: "/api/v1/log-level",
  summary: "Set the log level",
  body: LOG_LEVEL,
  answers: [jsonAnswer(LOG_LEVEL)],
  failures: { 400: "The body names no level" },
  handle: async ({ request }) => {
    const wanted = textMember(await readShortBody(request), "level");
    const level = LOG_LEVELS.find((each) => each === wanted);
    if (level === undefined) {
      throw new PkgstashError(
        "invalid_request",
        `Expected {"level": LEVEL} with one of ${LOG_LEVELS.join(", ")}; the level stays ` +
          `${currentLogLevel()}.`,
      );
    }
    setLogLevel(level);
    return json(LOG_LEVEL, { level });
  },
};
