import type { ApiRoute } from "./api_route.ts";
import { cleanupRoute } from "./routes/cleanup.ts";
import { clientConfigRoute } from "./routes/client_config.ts";
import { downloadsRoute } from "./routes/downloads.ts";
import { logLevelRoute } from "./routes/log_level.ts";
import { mirrorTrialRoute } from "./routes/mirror_trial.ts";
import { mirrorsRoute } from "./routes/mirrors.ts";
import { openApiRoute } from "./routes/openapi.ts";
import { originalLogLevelRoute } from "./routes/original_log_level.ts";
import { originalRefreshRoute } from "./routes/original_refresh.ts";
import { packageRoute } from "./routes/package.ts";
import { packagesRoute } from "./routes/packages.ts";
import { pinRoute } from "./routes/pin.ts";
import { pinsRoute } from "./routes/pins.ts";
import { refreshRoute } from "./routes/refresh.ts";
import { removePackageRoute } from "./routes/remove_package.ts";
import { setLogLevelRoute } from "./routes/set_log_level.ts";
import { statusRoute } from "./routes/status.ts";
import { unpinRoute } from "./routes/unpin.ts";

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
