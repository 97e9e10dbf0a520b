import { z } from "zod";
import { empty, endpoint } from "./endpoint.ts";
import { TIMESTAMP } from "./scalars.ts";

/** The characters of package and file names, and the two wildcards. */
const PATTERN = z.string().regex(
  /^[A-Za-z0-9@._+:~*?-]{1,255}$/,
  "must be a package name (linux), a glob (nvidia-*) or a package file name " +
    "(linux-6.1-1-x86_64.pkg.tar.zst)",
);

const PIN = z.object({
  pattern: z.string().describe(
    "Package name or package file name. * and ? are wildcards.",
  ),
  source: z.enum(["configuration", "api"]).describe(
    "Where the pin comes from. A pin from the configuration (pinned_packages) can only be " +
      "removed there.",
  ),
  since: TIMESTAMP.nullable().describe(
    "When the pin was added; null for a pin from the configuration.",
  ),
}).describe("A pin: cleanup keeps the packages that match it.");

const PIN_LIST = z.object({
  pins: z.array(PIN).describe("The pins of the configuration, then the others by pattern."),
}).describe("All pins.");

export type PinReport = z.infer<typeof PIN>;

const pathParameters = {
  pattern: PATTERN.describe(
    "Package name or package file name. * and ? are wildcards; ? is sent as %3F.",
  ),
};

export const LIST_PINS = endpoint({
  method: "GET",
  path: "/api/v1/pins",
  summary: "List the pins",
  answers: { 200: PIN_LIST },
});

export const ADD_PIN = endpoint({
  method: "PUT",
  path: "/api/v1/pins/{pattern}",
  summary: "Pin packages",
  pathParameters,
  answers: {
    201: PIN.describe("The pin was added."),
    200: PIN.describe("The pin existed already."),
  },
});

export const REMOVE_PIN = endpoint({
  method: "DELETE",
  path: "/api/v1/pins/{pattern}",
  summary: "Remove a pin",
  pathParameters,
  answers: { 204: empty("The pin was removed.") },
  failures: {
    404: "There is no such pin",
    409: "The pin comes from the configuration",
  },
});
