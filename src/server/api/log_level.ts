import { SET_LOG_LEVEL, SHOW_LOG_LEVEL } from "../../api/log_level.ts";
import { currentLogLevel, setLogLevel } from "../../platform/observability/logging.ts";
import { handle, type Route } from "./route.ts";

export const logLevelRoutes: readonly Route[] = [
  handle(SHOW_LOG_LEVEL, () => ({ level: currentLogLevel() })),
  handle(SET_LOG_LEVEL, ({ body: { level } }) => {
    setLogLevel(level);
    return { level };
  }),
];
