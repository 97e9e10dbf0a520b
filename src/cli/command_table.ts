import type { Command } from "./command.ts";
import { APPROVALS_COMMAND } from "./commands/approvals.ts";
import { AUR_COMMAND } from "./commands/aur.ts";
import { BUILDS_COMMAND } from "./commands/builds.ts";
import { CHECK_CONFIG_COMMAND } from "./commands/check_config.ts";
import { CLEANUP_COMMAND } from "./commands/cleanup.ts";
import { CLIENTS_COMMAND } from "./commands/clients.ts";
import { CLIENT_CONFIG_COMMAND } from "./commands/client_config.ts";
import { CONFIGURATION_COMMAND } from "./commands/configuration.ts";
import { DOWNLOADS_COMMAND } from "./commands/downloads.ts";
import { EVENTS_COMMAND } from "./commands/events.ts";
import { EXTRA_FILES_COMMAND } from "./commands/extra_files.ts";
import { HISTORY_COMMAND } from "./commands/history.ts";
import { KEY_COMMAND } from "./commands/key.ts";
import { LOG_LEVEL_COMMAND } from "./commands/log_level.ts";
import { MIRRORS_COMMAND } from "./commands/mirrors.ts";
import { PACKAGES_COMMAND } from "./commands/packages.ts";
import { REFRESH_COMMAND } from "./commands/refresh.ts";
import { REPO_COMMAND } from "./commands/repo.ts";
import { SERVE_COMMAND } from "./commands/serve.ts";
import { SESSIONS_COMMAND } from "./commands/sessions.ts";
import { STATUS_COMMAND } from "./commands/status.ts";
import { TOKEN_COMMAND } from "./commands/token.ts";
import { VERIFY_COMMAND } from "./commands/verify.ts";

/** All commands, in the order of help. */
export const COMMANDS: readonly Command[] = [
  SERVE_COMMAND,
  CHECK_CONFIG_COMMAND,
  STATUS_COMMAND,
  REFRESH_COMMAND,
  CLEANUP_COMMAND,
  VERIFY_COMMAND,
  PACKAGES_COMMAND,
  REPO_COMMAND,
  BUILDS_COMMAND,
  AUR_COMMAND,
  APPROVALS_COMMAND,
  EXTRA_FILES_COMMAND,
  MIRRORS_COMMAND,
  DOWNLOADS_COMMAND,
  HISTORY_COMMAND,
  CLIENTS_COMMAND,
  LOG_LEVEL_COMMAND,
  CONFIGURATION_COMMAND,
  CLIENT_CONFIG_COMMAND,
  KEY_COMMAND,
  TOKEN_COMMAND,
  SESSIONS_COMMAND,
  EVENTS_COMMAND,
];
