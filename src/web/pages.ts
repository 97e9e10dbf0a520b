import type { Page } from "./page.ts";
import { BUILDS } from "./pages/builds.tsx";
import { BUILD } from "./pages/builds/build.tsx";
import { BUILD_LOG } from "./pages/builds/log.tsx";
import { CLEANUP } from "./pages/cleanup.tsx";
import { DOWNLOADS } from "./pages/downloads.tsx";
import { EVENTS } from "./pages/events.tsx";
import { CLIENT } from "./pages/client.tsx";
import { CLIENTS } from "./pages/clients.tsx";
import { MIRRORS } from "./pages/mirrors.tsx";
import { APPROVALS } from "./pages/approvals.tsx";
import { APPROVAL } from "./pages/approvals/approval.tsx";
import { APPROVAL_FILE } from "./pages/approvals/approval_file.tsx";
import { OVERVIEW } from "./pages/overview.tsx";
import { PACKAGE } from "./pages/package.tsx";
import { PACKAGES } from "./pages/packages.tsx";
import { REMOVED_FILES } from "./pages/removed_files.tsx";
import { REPOSITORIES } from "./pages/repositories.tsx";
import { REPOSITORY } from "./pages/repository.tsx";
import { SETTINGS } from "./pages/settings.tsx";
import { SESSIONS } from "./pages/sessions.tsx";

/** All pages, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  OVERVIEW,
  PACKAGES,
  PACKAGE,
  MIRRORS,
  DOWNLOADS,
  CLEANUP,
  REMOVED_FILES,
  CLIENTS,
  CLIENT,
  REPOSITORIES,
  REPOSITORY,
  APPROVALS,
  APPROVAL,
  APPROVAL_FILE,
  BUILDS,
  BUILD,
  BUILD_LOG,
  EVENTS,
  SETTINGS,
  SESSIONS,
];
