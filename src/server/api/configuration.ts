import { SHOW_CONFIGURATION } from "../../api/configuration.ts";
import { effectiveSettings } from "../../config/effective_settings.ts";
import { handle, type Route } from "./route.ts";
import { timestamp } from "./timestamp.ts";

export const configurationRoutes: readonly Route[] = [
  handle(SHOW_CONFIGURATION, ({ config, provenance: { origins, file, readAt, failure } }) => ({
    file,
    read_at: timestamp(readAt),
    failure,
    token: config.token === null ? null : origins.get("token") ?? "default",
    settings: effectiveSettings(config, origins).map(({ needsRestart, ...setting }) => ({
      ...setting,
      needs_restart: needsRestart,
    })),
  })),
];
