import type { ApiRoute } from "./api_route.ts";
import { cleanupRoute } from "./cleanup.ts";
import { clientConfigRoute } from "./client_config.ts";
import { downloadsRoute } from "./downloads.ts";
import { logLevelRoute } from "./log_level.ts";
import { mirrorTrialRoute } from "./mirror_trial.ts";
import { mirrorsRoute } from "./mirrors.ts";
import { openApiRoute } from "./openapi.ts";
import { originalLogLevelRoute } from "./original_log_level.ts";
import { originalRefreshRoute } from "./original_refresh.ts";
import { packageRoute } from "./package.ts";
import { packagesRoute } from "./packages.ts";
import { pinRoute } from "./pin.ts";
import { pinsRoute } from "./pins.ts";
import { refreshRoute } from "./refresh.ts";
import { removePackageRoute } from "./remove_package.ts";
import { setLogLevelRoute } from "./set_log_level.ts";
import { statusRoute } from "./status.ts";
import { unpinRoute } from "./unpin.ts";

/** Everything that the API can do: requests are answered from it, and the document made of it. */
export const API_ROUTES: readonly ApiRoute[] = [
  statusRoute,
  refreshRoute,
  cleanupRoute,
  packagesRoute,
  packageRoute,
  removePackageRoute,
  pinsRoute,
  pinRoute,
  unpinRoute,
  mirrorsRoute,
  mirrorTrialRoute,
  downloadsRoute,
  logLevelRoute,
  setLogLevelRoute,
  clientConfigRoute,
  openApiRoute,
  originalRefreshRoute,
  originalLogLevelRoute,
];
