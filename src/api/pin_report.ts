import { choice, list, nullable, object, text, type TypeOf } from "./schema.ts";

export const PIN = object({
  pattern: text("name of a package, glob of such with * and ?, or that of a package file"),
  source: choice(
    ["configuration", "api"],
    "those of the configuration (pinned_packages) are changed there only",
  ),
  since: nullable(text("when it was added, ISO 8601; null for the configuration's")),
}, "Packages that cleanup leaves alone.");

/** `GET /api/v1/pins`. */
export const PIN_LIST = object(
  { pins: list(PIN, "first those of the configuration, then by pattern") },
  "All pins.",
);

export type PinReport = TypeOf<typeof PIN>;
