import { CLEAN_UP } from "./cleanup.ts";
import { SHOW_CLIENT_CONFIG } from "./client_config.ts";
import { LIST_DOWNLOADS } from "./downloads.ts";
import type { Endpoint } from "./endpoint.ts";
import { LIST_EVENTS } from "./events.ts";
import { LIST_EXTRA_FILES } from "./extra_files.ts";
import { GO_REFRESH, GO_SET_LOG_LEVEL } from "./go_version.ts";
import {
  DISTRUST_KEY,
  IMPORT_KEY,
  LIST_KEYS,
  RETIRE_KEY,
  ROTATE_KEY,
  SHOW_PUBLIC_KEYS,
  TRUST_KEY,
} from "./keys.ts";
import { SET_LOG_LEVEL, SHOW_LOG_LEVEL } from "./log_level.ts";
import { LIST_MIRRORS, TEST_MIRRORS } from "./mirrors.ts";
import { SHOW_OPENAPI } from "./openapi.ts";
import { LIST_PACKAGES, REMOVE_PACKAGE, SHOW_PACKAGE } from "./packages.ts";
import { ADD_PIN, LIST_PINS, REMOVE_PIN } from "./pins.ts";
import { REBUILD_REPOSITORY } from "./rebuild.ts";
import { REFRESH } from "./refresh.ts";
import {
  ABANDON_UPLOAD,
  CREATE_REPOSITORY,
  LIST_REPOSITORIES,
  OPEN_UPLOAD,
  PROMOTE_PACKAGES,
  PUBLISH_KEYRING,
  PUBLISH_UPLOAD,
  REMOVE_PACKAGES,
  ROLL_BACK,
  SHOW_HISTORY,
  SHOW_REPOSITORY,
  UPLOAD_FILE,
  VERIFY_REPOSITORY,
} from "./repositories.ts";
import { SHOW_STATUS } from "./status.ts";
import { CREATE_TOKEN, LIST_TOKENS, REVOKE_TOKEN } from "./tokens.ts";
import { VERIFY } from "./verify.ts";

/** Everything that the API can do, in the order of its documentation. */
export const ENDPOINTS: readonly Endpoint[] = [
  SHOW_STATUS,
  REFRESH,
  CLEAN_UP,
  VERIFY,
  LIST_PACKAGES,
  SHOW_PACKAGE,
  REMOVE_PACKAGE,
  LIST_EXTRA_FILES,
  LIST_PINS,
  ADD_PIN,
  REMOVE_PIN,
  LIST_MIRRORS,
  TEST_MIRRORS,
  LIST_DOWNLOADS,
  LIST_REPOSITORIES,
  CREATE_REPOSITORY,
  SHOW_REPOSITORY,
  OPEN_UPLOAD,
  UPLOAD_FILE,
  PUBLISH_UPLOAD,
  ABANDON_UPLOAD,
  PROMOTE_PACKAGES,
  REMOVE_PACKAGES,
  VERIFY_REPOSITORY,
  PUBLISH_KEYRING,
  SHOW_HISTORY,
  ROLL_BACK,
  REBUILD_REPOSITORY,
  SHOW_LOG_LEVEL,
  SET_LOG_LEVEL,
  SHOW_CLIENT_CONFIG,
  LIST_KEYS,
  SHOW_PUBLIC_KEYS,
  ROTATE_KEY,
  IMPORT_KEY,
  RETIRE_KEY,
  TRUST_KEY,
  DISTRUST_KEY,
  LIST_TOKENS,
  CREATE_TOKEN,
  REVOKE_TOKEN,
  LIST_EVENTS,
  SHOW_OPENAPI,
  GO_REFRESH,
  GO_SET_LOG_LEVEL,
];
