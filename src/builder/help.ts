import { columns, HELP_WIDTH, wrap } from "../formats/text/columns.ts";
import { DEFAULT_SETTINGS_PATH, SETTINGS, TOKEN_VARIABLE, URL_VARIABLE } from "./settings.ts";

/** The commands; the default is `run`. */
export const COMMANDS = {
  run: "Take jobs and build them, until SIGTERM or SIGINT (the default)",
  check: "Check whether this machine can build, and say how to fix what is missing",
} as const;

/** The output of `pkgstash-builder --help`. */
export const HELP: string = [
  "pkgstash-builder: builds packages in sandboxes for pkgstash",
  "",
  "Usage:",
  "  pkgstash-builder [COMMAND] [OPTION]...",
  "",
  ...wrap(
    "Takes jobs from the queue of a pkgstash daemon, on this machine or another. Run it as an " +
      "ordinary user.",
    HELP_WIDTH,
  ),
  "",
  "Commands:",
  ...columns(Object.entries(COMMANDS)),
  "",
  "Options:",
  ...columns([
    ["    --config FILE", `Configuration file (default: ${DEFAULT_SETTINGS_PATH}, if it exists)`],
    ["-h, --help", "Print this help"],
    ["    --version", "Print the version"],
  ]),
  "",
  "Configuration keys (TOML):",
  ...columns(
    Object.values(SETTINGS).map(({ name, defaultValue, description }) => [
      name,
      `${description.replace(/\.$/, "")} (default: ${JSON.stringify(defaultValue)})`,
    ]),
  ),
  "",
  "Environment:",
  ...columns([
    [URL_VARIABLE, "Overrides url"],
    [TOKEN_VARIABLE, "The token itself; overrides token_file"],
  ]),
  "",
  "Examples:",
  "  # Check this machine before the first build",
  "  pkgstash-builder check",
  "  # Build with another configuration",
  "  pkgstash-builder --config ./builder.toml",
  "",
  "Exit codes:",
  ...columns([
    ["0", "Success"],
    ["1", "Failure; standard error states the reason"],
    ["2", "Usage error"],
  ]),
  ...(Deno.build.standalone ? [] : [
    "",
    ...wrap(
      'In a clone, type "deno run --quiet -P=builder src/builder/main.ts" instead of ' +
        '"pkgstash-builder".',
      HELP_WIDTH,
    ),
  ]),
].join("\n");
