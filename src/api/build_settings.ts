import { z } from "zod";
import { ATTRIBUTION } from "./attribution.ts";
import { PACKAGE_NAME, REASON } from "./aur.ts";
import { BUILD_SETTINGS } from "./builder.ts";
import { endpoint } from "./endpoint.ts";

/** Patches of 256 KiB each, and all else. */
const MAX_BODY_BYTES = 8 * 1024 ** 2;

/** How a package is built, with what the daemon does to its files before. */
export const PACKAGE_SETTINGS = BUILD_SETTINGS.extend({
  reproduce: z.boolean().nullable().describe(
    "Whether to build it twice and compare; null for the configured default.",
  ),
  patches: z.array(z.string()).describe("Diffs that are applied to the approved files."),
});

/** What differs between two settings. */
export const SETTINGS_CHANGES = z.array(z.object({
  name: z.string().describe("Which part."),
  before: z.string().nullable().describe("Null for nothing."),
  after: z.string().nullable().describe("Null for nothing."),
}));

const SETTINGS = z.object({
  base: z.string().describe("The package base."),
  settings: PACKAGE_SETTINGS.describe("Those in force."),
  approved: ATTRIBUTION.nullable().describe("Who approved them; null for the defaults."),
  proposed: ATTRIBUTION.extend({
    settings: PACKAGE_SETTINGS,
    changes: SETTINGS_CHANGES.describe("Differences from those in force."),
    approval: z.string().nullable().describe(
      "The id of the approval; null while the package has nothing to approve.",
    ),
  }).nullable().describe("Proposed settings; null for none."),
}).describe("How a watched package is built.");

export type PackageSettings = z.infer<typeof PACKAGE_SETTINGS>;
export type SettingsReport = z.infer<typeof SETTINGS>;

const pathParameters = { name: PACKAGE_NAME.describe("A watched package base or package.") };
const failures = { 404: "It is not watched" };

export const SHOW_SETTINGS = endpoint({
  method: "GET",
  path: "/api/v1/aur/packages/{name}/settings",
  summary: "Show how a package is built",
  pathParameters,
  answers: { 200: SETTINGS },
  failures,
});

export const PROPOSE_SETTINGS = endpoint({
  method: "PUT",
  path: "/api/v1/aur/packages/{name}/settings",
  summary: "Propose how a package is built",
  maxBodyBytes: MAX_BODY_BYTES,
  pathParameters,
  body: z.strictObject({
    settings: PACKAGE_SETTINGS.describe(
      "All settings. Sending those in force withdraws a proposal.",
    ),
    reason: REASON,
  }),
  answers: { 200: SETTINGS },
  failures,
});
