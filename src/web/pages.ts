import type { Page } from "./page.ts";
import { MIRRORS } from "./pages/mirrors.tsx";
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
  SETTINGS,
  SESSIONS,
];
