import type { Page } from "./page.ts";
import { BUILDS } from "./pages/builds.tsx";
import { BUILD } from "./pages/builds/build.tsx";
import { BUILD_LOG } from "./pages/builds/log.tsx";
import { MIRRORS } from "./pages/mirrors.tsx";
import { APPROVALS } from "./pages/approvals.tsx";
import { APPROVAL } from "./pages/approvals/approval.tsx";
import { APPROVAL_FILE } from "./pages/approvals/approval_file.tsx";
import { OVERVIEW } from "./pages/overview.tsx";
import { REPOSITORIES } from "./pages/repositories.tsx";
import { REPOSITORY } from "./pages/repository.tsx";
import { SETTINGS } from "./pages/settings.tsx";
import { SESSIONS } from "./pages/sessions.tsx";

/** All pages, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  OVERVIEW,
  MIRRORS,
  REPOSITORIES,
  REPOSITORY,
  APPROVALS,
  APPROVAL,
  APPROVAL_FILE,
  BUILDS,
  BUILD,
  BUILD_LOG,
  SETTINGS,
  SESSIONS,
];
