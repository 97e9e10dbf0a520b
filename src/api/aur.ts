import { ATTRIBUTION } from "./attribution.ts";
import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

/** Of a package or package base; no path is made of anything else. */
export const PACKAGE_NAME = z.string().regex(
  /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,254}$/,
  "must be the name of a package",
);

const MAX_NAMES = 2_000;
const MAX_BODY_BYTES = 512 * 1024;
/** As base64 a third more than the largest tree. */
const MAX_TREE_BYTES = 48 * 1024 ** 2;

export const REASON = z.string().trim().min(1, "must not be empty").max(500).describe(
  "Reason, recorded with the decision.",
);

export const MAINTAINERS = z.object({
  maintainer: z.string().nullable().describe("Null for an orphan."),
  co_maintainers: z.array(z.string()),
});

const WATCHED = z.object({
  base: z.string().describe("The package base."),
  names: z.array(z.string()).describe("The packages built from it."),
  source: z.enum(["aur", "folder", "git"]).describe("Where its files come from."),
  repository: z.string().nullable().describe("The git repository; null for another source."),
  state: z.enum([
    ...["current", "cooling", "approval", "held", "problem", "gone"] as const,
    ...["building", "build_held", "build_failed", "skipped"] as const,
  ]).describe(
    "current: nothing is new. cooling: a change passes automatically at passes_at. approval: a " +
      "person must decide. held: nothing is built. problem: its files are rejected. gone: the AUR " +
      "no longer has it; what is published stays. building, build_held, build_failed: what became " +
      "of the build of the accepted files, unless they are published. skipped: a person rejected " +
      "the new version.",
  ),
  accepted: z.string().nullable().describe("The latest accepted version."),
  candidate: z.string().nullable().describe("The proposed version; null for none."),
  published: z.string().nullable().describe("The latest published version."),
  passes_at: TIMESTAMP.nullable().describe("When it passes automatically; null if unknown."),
  maintainers: MAINTAINERS,
  needs: z.array(z.string()).describe("Watched package bases that it depends on."),
  is_dependency: z.boolean().describe("Whether it was added as a dependency."),
  problem: z.string().nullable().describe("Why its files cannot currently be used."),
}).describe("A watched package base.");

const WATCHED_DETAIL = WATCHED.extend({
  description: z.string().nullable(),
  votes: COUNT.nullable(),
  popularity: z.number().nullable(),
  first_submitted: TIMESTAMP.nullable(),
  last_modified: TIMESTAMP.nullable(),
  out_of_date: TIMESTAMP.nullable().describe("When it was flagged out of date."),
  added: z.object({ at: TIMESTAMP, by: z.string() }),
  unmet: z.array(z.string()).describe("Dependencies that are in no repository and not watched."),
  hold: ATTRIBUTION.nullable().describe("Why nothing of it is built."),
  cool_down: ATTRIBUTION.extend({ ms: COUNT }).nullable().describe("Its own cool-down, if any."),
  skipped: z.array(z.string()).describe("Versions that are not built."),
  follows: z.array(z.object({
    source: z.string().describe("A repository and the reference it follows, such as git+URL HEAD."),
    commit: z.string().nullable().describe("Its commit at the last look; null if there was none."),
  })).describe("References that its sources follow. Only git over http, https and git is checked."),
  looked_at: TIMESTAMP.nullable().describe("When a builder last checked them; null if never."),
  look_failure: z.string().nullable().describe("Why they cannot be checked; null if they can."),
  maintainer_history: z.array(MAINTAINERS.extend({ at: TIMESTAMP })),
  news: z.array(z.object({ at: TIMESTAMP, text: z.string() })).describe("Newest first."),
  decisions: z.array(ATTRIBUTION.extend({
    action: z.string(),
    settings: z.array(z.string()).describe("What changed in the settings."),
    version: z.string().nullable(),
    tree: z.string().nullable(),
  })).describe("Newest first."),
}).describe("A watched package base in detail.");

const CHECK = z.object({
  at: TIMESTAMP.describe("When it ended."),
  changed: z.array(z.string()).describe("Package bases with new files."),
  failure: z.string().nullable().describe("Why it failed; null if it succeeded."),
}).describe("A check for changes.");

const WATCHED_LIST = z.object({
  packages: z.array(WATCHED),
  last_check: CHECK.nullable().describe("Null until the first check after the daemon's start."),
}).describe("The watched package bases, by name.");

const PLAN = z.object({
  packages: z.array(z.object({
    base: z.string(),
    names: z.array(z.string()),
    version: z.string(),
    maintainer: z.string().nullable(),
    is_dependency: z.boolean(),
    needs: z.array(z.string()),
  })).describe("What is newly watched, in build order."),
  cycles: z.array(z.array(z.string())).describe("Package bases that depend on one another."),
  unknown: z.array(z.string()).describe("Names that the AUR does not have."),
  watched: z.array(z.string()).describe("What was already watched."),
  open: z.array(z.object({
    dependency: z.string(),
    needed_by: z.string(),
    providers: z.array(z.string()).describe("Packages of the AUR that provide it."),
  })).describe("Dependencies that nothing satisfies, or that several packages could satisfy."),
  failure: z.string().nullable().describe("Why some files could not be fetched yet."),
}).describe("What watching these packages involves.");

export type WatchedReport = z.infer<typeof WATCHED>;
export type WatchedDetail = z.infer<typeof WATCHED_DETAIL>;
export type WatchedList = z.infer<typeof WATCHED_LIST>;
export type PlanReport = z.infer<typeof PLAN>;
export type CheckReport = z.infer<typeof CHECK>;

const pathParameters = { name: PACKAGE_NAME.describe("A watched package base or package.") };
const failures = { 404: "It is not watched" };

export const LIST_WATCHED = endpoint({
  method: "GET",
  path: "/api/v1/aur/packages",
  summary: "List the watched packages",
  answers: { 200: WATCHED_LIST },
});

export const ADD_WATCHED = endpoint({
  method: "POST",
  path: "/api/v1/aur/packages",
  summary: "Watch AUR packages",
  isLong: true,
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.strictObject({
    names: z.array(PACKAGE_NAME).min(1).max(MAX_NAMES),
    skip_unknown: z.boolean().default(false).describe("Leave out what the AUR does not have."),
    dry_run: z.boolean().default(false).describe("Only report what it would involve."),
  }),
  answers: { 200: PLAN },
  failures: {
    404: "The AUR has no such package",
    409: "A database is missing, so it is unknown which dependencies are mirrored",
    502: "The AUR fails",
  },
});

export const ADD_FOLDER = endpoint({
  method: "POST",
  path: "/api/v1/aur/folders",
  summary: "Watch a package source that is sent",
  isLong: true,
  maxBodyBytes: MAX_TREE_BYTES,
  body: z.strictObject({
    files: z.array(z.strictObject({
      path: z.string().min(1).max(1024),
      mode: z.enum(["100644", "100755", "120000"]),
      base64: z.base64().describe("The content; of a link, its target."),
    })).min(1).max(MAX_NAMES),
  }),
  answers: { 200: WATCHED },
  failures: { 409: "A package of this name is watched from another source" },
});

export const ADD_REPOSITORY = endpoint({
  method: "POST",
  path: "/api/v1/aur/repositories",
  summary: "Watch a git repository that holds a package source",
  isLong: true,
  maxBodyBytes: MAX_BODY_BYTES,
  body: z.strictObject({
    url: z.string().min(1).max(2000).describe("An https, http or git URL."),
    branch: z.string().min(1).max(200).optional().describe("Default: the branch of its HEAD."),
  }),
  answers: { 200: WATCHED },
  failures: {
    409: "No builder fetched it in time, or a package of this name is watched from another source",
    502: "The repository cannot be fetched",
  },
});

export const CHECK_WATCHED = endpoint({
  method: "POST",
  path: "/api/v1/aur/check",
  summary: "Check the AUR for changes now",
  isChange: false,
  isLong: true,
  answers: { 200: CHECK },
});

export const SHOW_WATCHED = endpoint({
  method: "GET",
  path: "/api/v1/aur/packages/{name}",
  summary: "Show a watched package",
  pathParameters,
  answers: { 200: WATCHED_DETAIL },
  failures,
});

export const REMOVE_WATCHED = endpoint({
  method: "DELETE",
  path: "/api/v1/aur/packages/{name}",
  summary: "Stop watching a package",
  pathParameters,
  answers: { 204: empty("It is no longer watched. Published packages stay.") },
  failures: { ...failures, 409: "A watched package needs it" },
});

export const HOLD_WATCHED = endpoint({
  method: "PUT",
  path: "/api/v1/aur/packages/{name}/hold",
  summary: "Hold a package",
  maxBodyBytes: 4096,
  pathParameters,
  body: z.strictObject({ reason: REASON }),
  answers: { 204: empty("Nothing of it is built until it is released.") },
  failures,
});

export const RELEASE_WATCHED = endpoint({
  method: "DELETE",
  path: "/api/v1/aur/packages/{name}/hold",
  summary: "Release a held package",
  pathParameters,
  answers: { 204: empty("Its changes are decided as usual again.") },
  failures,
});

export const SET_COOL_DOWN = endpoint({
  method: "PUT",
  path: "/api/v1/aur/packages/{name}/cool-down",
  summary: "Set the cool-down of a package",
  maxBodyBytes: 4096,
  pathParameters,
  body: z.strictObject({
    ms: COUNT.max(365 * 86_400_000).nullable().describe("Null for the configured one."),
    reason: REASON,
  }),
  answers: { 204: empty("It is in force.") },
  failures,
});
