import { buildSettingsRoutes } from "./build_settings.ts";
import { builderRoutes } from "./builder.ts";
import { buildRoutes } from "./builds.ts";
import { approvalRoutes } from "./approvals.ts";
import { aurRoutes } from "./aur.ts";
import { cleanupRoutes } from "./cleanup.ts";
import { clientConfigRoutes } from "./client_config.ts";
import { configurationRoutes } from "./configuration.ts";
import { clientRoutes } from "./clients.ts";
import { downloadRoutes } from "./downloads.ts";
import { eventRoutes } from "./events.ts";
import { extraFileRoutes } from "./extra_files.ts";
import { goVersionRoutes } from "./go_version.ts";
import { historyRoutes } from "./history.ts";
import { keyRoutes } from "./keys.ts";
import { logLevelRoutes } from "./log_level.ts";
import { lookRoutes } from "./looks.ts";
import { mirrorRoutes } from "./mirrors.ts";
import { openApiRoutes } from "./openapi.ts";
import { packageRoutes } from "./packages.ts";
import { pinRoutes } from "./pins.ts";
import { rebuildRoutes } from "./rebuild.ts";
import { refreshRoutes } from "./refresh.ts";
import { repositoryRoutes } from "./repositories.ts";
import type { Route } from "./route.ts";
import { sessionRoutes } from "./sessions.ts";
import { statusRoutes } from "./status.ts";
import { tokenRoutes } from "./tokens.ts";
import { verifyRoutes } from "./verify.ts";

/** The implementation of every endpoint. */
export const ROUTES: readonly Route[] = [
  ...statusRoutes,
  ...refreshRoutes,
  ...cleanupRoutes,
  ...verifyRoutes,
  ...packageRoutes,
  ...extraFileRoutes,
  ...pinRoutes,
  ...mirrorRoutes,
  ...downloadRoutes,
  ...historyRoutes,
  ...clientRoutes,
  ...repositoryRoutes,
  ...rebuildRoutes,
  ...buildRoutes,
  ...builderRoutes,
  ...lookRoutes,
  ...aurRoutes,
  ...buildSettingsRoutes,
  ...approvalRoutes,
  ...logLevelRoutes,
  ...configurationRoutes,
  ...clientConfigRoutes,
  ...keyRoutes,
  ...tokenRoutes,
  ...sessionRoutes,
  ...eventRoutes,
  ...openApiRoutes,
  ...goVersionRoutes,
];
