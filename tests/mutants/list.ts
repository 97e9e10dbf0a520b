import { ADMINISTRATION } from "./list/administration.ts";
import { BUILD_QUEUE } from "./list/build_queue.ts";
import { BUILDS } from "./list/builds.ts";
import { CACHE } from "./list/cache.ts";
import { DATABASES } from "./list/databases.ts";
import { DOWNLOADS } from "./list/downloads.ts";
import { FORMATS } from "./list/formats.ts";
import { HISTORY } from "./list/history.ts";
import { HOUSE } from "./list/house.ts";
import { MIRRORS } from "./list/mirrors.ts";
import { MIRRORING } from "./list/mirroring.ts";
import { PACKAGES } from "./list/packages.ts";
import { PUBLISHING } from "./list/publishing.ts";
import { REFRESH } from "./list/refresh.ts";
import { REVIEW } from "./list/review.ts";
import { SANDBOXES } from "./list/sandboxes.ts";
import { SERVER } from "./list/server.ts";
import { STRIPED } from "./list/stripes.ts";
import { WATCHING } from "./list/watching.ts";
import { UPSTREAMS } from "./list/upstreams.ts";
import { WEB_ADMIN } from "./list/web_admin.ts";
import type { Mutant } from "./mutant.ts";

/** Every check that matters, each broken once. */
export const MUTANTS: readonly Mutant[] = [
  ...ADMINISTRATION,
  ...BUILD_QUEUE,
  ...BUILDS,
  ...CACHE,
  ...DATABASES,
  ...DOWNLOADS,
  ...FORMATS,
  ...HISTORY,
  ...HOUSE,
  ...MIRRORING,
  ...MIRRORS,
  ...PACKAGES,
  ...PUBLISHING,
  ...REFRESH,
  ...REVIEW,
  ...SANDBOXES,
  ...SERVER,
  ...STRIPED,
  ...UPSTREAMS,
  ...WATCHING,
  ...WEB_ADMIN,
];
