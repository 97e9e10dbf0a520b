import { GO_REFRESH, GO_SET_LOG_LEVEL } from "../../api/go_version.ts";
import { setLogLevel } from "../../platform/observability/logging.ts";
import { handle, type Route } from "./route.ts";

export const goVersionRoutes: readonly Route[] = [
  handle(GO_REFRESH, ({ mirroring: { cycle } }) => cycle.run()),
  handle(GO_SET_LOG_LEVEL, ({ body: { loglevel } }) => {
    setLogLevel(loglevel === "warn" ? "warning" : loglevel);
  }),
];
