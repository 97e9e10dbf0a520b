import { ATTRIBUTION } from "./attribution.ts";
import { z } from "zod";
import { PACKAGE_SETTINGS } from "./build_settings.ts";
import { BUILD_STEPS, REPORTED_FAILURES } from "./builder.ts";
import { endpoint, lines } from "./endpoint.ts";
import { LIMIT, numberInQuery } from "./paging.ts";
import { COUNT, TIMESTAMP } from "./scalars.ts";

/** Where a build can be. */
export const BUILD_STATES = [
  "waiting",
  "leased",
  "uploading",
  "held",
  "published",
  "failed",
  "cancelled",
] as const;

const FAILURE_CLASSES = [
  ...REPORTED_FAILURES,
  "lost_builder",
  "metadata_mismatch",
  "product_refused",
  "publication",
  "source_missing",
] as const;

const FACT_KINDS = [
  "name",
  "version",
  "architecture",
  "packager",
  "official_name",
  "replaces",
  "groups",
  "provides",
  "conflicts",
  "depends",
  "backup",
  "script",
  "privileged",
  "sensitive_path",
  "files",
  "size",
  "not_reproducible",
] as const;

const NAME = z.string().regex(
  /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,127}$/,
  "must be the number of a build, or the name of a package",
);

const build = NAME.describe("Number of a build, or a package name for its latest build.");

const REASON = z.string().max(1000).default("").describe(
  "Reason, recorded in the build's history.",
);

const FAILURE = z.object({
  class: z.enum(FAILURE_CLASSES).describe("What kind of failure it is."),
  reason: z.string().describe("Why, in words."),
  step: z.enum(BUILD_STEPS).nullable().describe("In which step; null if in none."),
});

const ATTEMPT = z.object({
  number: COUNT.describe("Counts up from 1."),
  builder: z.string().describe("The name of the builder's token."),
  started_at: TIMESTAMP.describe("When the builder got it."),
  ended_at: TIMESTAMP.nullable().describe("When it ended; null while it goes on."),
  outcome: z.enum(["built", "failed", "lost", "cancelled", "returned"]).nullable().describe(
    "How it ended: lost if its builder fell silent, returned if the builder gave it back.",
  ),
  failure: FAILURE.nullable().describe("Why it failed; null if it did not."),
}).describe("One time that a builder had the build.");

const HOLD = z.object({
  kind: z.enum(["product", "metadata", "builders", "patches", "architectures"]).describe(
    "What is held.",
  ),
  reason: z.string().describe("Why, in words."),
  facts: z.array(z.object({
    kind: z.enum(FACT_KINDS).describe("What it is about, for programs."),
    package: z.string().describe("The package that it is about."),
    before: z.string().nullable().describe("What was approved or published; null for nothing."),
    after: z.string().nullable().describe("What was built; null for nothing."),
    reason: z.string().describe("What is unusual, in words."),
  })).describe("What a person should know of the product."),
});

export const BUILD = z.object({
  number: COUNT.describe("Counts from 1 on, and is never used again."),
  package_base: z.string().describe("The package base."),
  package_names: z.array(z.string()).describe("The packages built from it."),
  version: z.string().describe("The version, with the pkgrel of a rebuild."),
  architecture: z.string().describe("The architecture."),
  repository: z.string().describe("The repository of your own that gets the packages."),
  tree_hash: z.string().describe("SHA-256 of the approved files."),
  state: z.enum(BUILD_STATES).describe("Where it is."),
  reason: z.string().describe("Why it is built."),
  waits_for: z.string().nullable().describe(
    "What it waits for besides a builder; null for nothing.",
  ),
  created_at: TIMESTAMP.describe("When it was queued."),
  ended_at: TIMESTAMP.nullable().describe("When it ended; null if it has not."),
  builder: z.string().nullable().describe("The builder that had it last; null if none had."),
  step: z.enum(BUILD_STEPS).nullable().describe("What the builder is doing; null if nothing."),
  failure: FAILURE.nullable().describe("Why it failed; null if it did not."),
  hold: HOLD.nullable().describe("Why it waits for a person; null if it does not."),
}).describe("A build of a package for one architecture.");

const BUILD_DETAILS = BUILD.extend({
  needs: z.array(z.string()).describe("Package bases that must be published first."),
  settings: PACKAGE_SETTINGS,
  approved: ATTRIBUTION.describe("Who approved what is built."),
  released: ATTRIBUTION.nullable().describe("Who let it go on when it was held; null for nobody."),
  ended_by: ATTRIBUTION.nullable().describe("Who cancelled or refused it; null for nobody."),
  attempts: z.array(ATTEMPT).describe("The attempts, the first one first."),
  products: z.array(z.object({
    file: z.string().describe("File name."),
    name: z.string().describe("Name of the package."),
    version: z.string().describe("Its version."),
    bytes: COUNT.describe("Its size."),
    sha256: z.string().describe("SHA-256 of the file."),
  })).describe("What was built."),
}).describe("A build with everything that is known of it.");

export type BuildReport = z.infer<typeof BUILD>;
export type BuildDetails = z.infer<typeof BUILD_DETAILS>;

const NO_BUILD = "There is no such build";

export const LIST_BUILDS = endpoint({
  method: "GET",
  path: "/api/v1/builds",
  summary: "List the builds",
  query: {
    state: z.enum(BUILD_STATES).optional().describe("Only those in this state."),
    package: NAME.optional().describe("Only those of this package base or package."),
    limit: LIMIT,
    before: numberInQuery(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).describe(
      "Only builds with lower numbers than this.",
    ),
  },
  answers: {
    200: z.object({ builds: z.array(BUILD).describe("The builds, the latest first.") })
      .describe("Builds."),
  },
});

export const SHOW_BUILD = endpoint({
  method: "GET",
  path: "/api/v1/builds/{build}",
  summary: "Show a build",
  pathParameters: { build },
  answers: { 200: BUILD_DETAILS },
  failures: { 404: NO_BUILD },
});

export const READ_BUILD_LOG = endpoint({
  method: "GET",
  path: "/api/v1/builds/{build}/log",
  summary: "Read the log of a build",
  isLong: true,
  pathParameters: { build },
  query: {
    attempt: numberInQuery(Number.MAX_SAFE_INTEGER, 0).describe(
      "Number of the attempt; default: the last one.",
    ),
    follow: z.enum(["true", "false"]).default("false").describe(
      "Whether to wait for the attempt to begin, and for more until it ends.",
    ),
  },
  answers: {
    200: lines(
      z.object({
        offset: COUNT.describe("Where it begins in the log, in bytes."),
        text: z.string().describe("The text, which may end within a line."),
      }),
      "The log, in parts.",
    ),
  },
  failures: { 404: "There is no such build or attempt, or no builder has started it" },
});

const attempt = numberInQuery(Number.MAX_SAFE_INTEGER, 0).describe(
  "Number of the attempt; default: the last one.",
);

const LOG_FAILURES = { 404: "There is no such build or attempt" };

export const READ_LOG_LINES = endpoint({
  method: "GET",
  path: "/api/v1/builds/{build}/log/lines",
  summary: "Read lines of the log of a build",
  pathParameters: { build },
  query: {
    attempt,
    from: numberInQuery(Number.MAX_SAFE_INTEGER, 0).describe(
      "The first line, counted from 1; default: the last lines.",
    ),
    limit: LIMIT,
  },
  answers: {
    200: z.object({
      attempt: COUNT.describe("Which attempt it is of."),
      total: COUNT.describe("Lines that there are by now."),
      has_ended: z.boolean().describe("Whether there will be no more."),
      from: COUNT.describe("The number of the first line below."),
      lines: z.array(z.string()).describe(
        "The last text of an overwritten line, and the beginning of a long one.",
      ),
    }).describe("Lines of a log."),
  },
  failures: LOG_FAILURES,
});

export const SEARCH_LOG = endpoint({
  method: "GET",
  path: "/api/v1/builds/{build}/log/search",
  summary: "Search the log of a build",
  isLong: true,
  pathParameters: { build },
  query: {
    attempt,
    q: z.string().min(1).max(200).optional().describe(
      "Text to search for, ignoring case; default: whatever looks like an error.",
    ),
    after: numberInQuery(Number.MAX_SAFE_INTEGER, 0).describe("Only after this line."),
    limit: LIMIT,
  },
  answers: {
    200: z.object({
      matches: z.array(z.object({ line: COUNT, text: z.string() })),
      is_complete: z.boolean().describe("Whether no line after these matches."),
    }).describe("Lines that match, the first one first."),
  },
  failures: LOG_FAILURES,
});

export const REBUILD_PACKAGE = endpoint({
  method: "POST",
  path: "/api/v1/builds",
  summary: "Rebuild a published package",
  maxBodyBytes: 16 * 1024,
  body: z.strictObject({ package: NAME.describe("A package base or package."), reason: REASON }),
  answers: {
    201: z.object({ builds: z.array(BUILD).describe("One for each architecture.") })
      .describe("The builds are queued, with pkgrel raised by 0.1."),
  },
  failures: { 404: "No build has published anything with this name" },
});

/** What a person does to a build. */
const ACTION = {
  method: "POST",
  isLong: true,
  maxBodyBytes: 16 * 1024,
  pathParameters: { build },
  body: z.strictObject({ reason: REASON }),
  answers: { 200: BUILD.describe("The build as it is now.") },
} as const;

export const CANCEL_BUILD = endpoint({
  ...ACTION,
  path: "/api/v1/builds/{build}/cancel",
  summary: "Cancel a build",
  failures: { 404: NO_BUILD, 409: "It has ended or is being published" },
});

export const RETRY_BUILD = endpoint({
  ...ACTION,
  path: "/api/v1/builds/{build}/retry",
  summary: "Retry a build",
  failures: { 404: NO_BUILD, 409: "It did not fail, or there is a newer one" },
});

export const APPROVE_BUILD = endpoint({
  ...ACTION,
  path: "/api/v1/builds/{build}/approve",
  summary: "Approve a held build",
  right: "approve",
  failures: { 404: NO_BUILD, 409: "It is not held" },
});

export const REFUSE_BUILD = endpoint({
  ...ACTION,
  path: "/api/v1/builds/{build}/refuse",
  summary: "Refuse a held build",
  right: "approve",
  failures: { 404: NO_BUILD, 409: "It is not held" },
});

const BUILDER = z.object({
  name: z.string().describe("The name of its token."),
  version: z.string().describe("Its version."),
  architectures: z.array(z.string()).describe("The architectures it builds for."),
  seen_at: TIMESTAMP.describe("When it last sent a request."),
  building: z.array(COUNT).describe("The numbers of its builds in progress."),
}).describe("A builder.");

export type BuilderReport = z.infer<typeof BUILDER>;

export const LIST_BUILDERS = endpoint({
  method: "GET",
  path: "/api/v1/builders",
  summary: "List the builders",
  answers: {
    200: z.object({
      builders: z.array(BUILDER).describe("Those seen since the daemon started."),
    }).describe("The builders."),
  },
});
