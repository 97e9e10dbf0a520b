import { LOG_LEVEL } from "../../api/log_level.ts";
import { currentLogLevel } from "../../platform/observability/logging.ts";
import { type ApiRoute, json, jsonAnswer } from "./api_route.ts";

/** `GET /api/v1/log-level`. */
export const logLevelRoute: ApiRoute = {
  method: "GET",
  path: "/api/v1/log-level",
  summary: "The log level",
  answers: [jsonAnswer(LOG_LEVEL)],
  handle: () => json(LOG_LEVEL, { level: currentLogLevel() }),
};
