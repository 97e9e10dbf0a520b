import { DEFAULT_SETTINGS_PATH, SETTINGS, TOKEN_VARIABLE, URL_VARIABLE } from "./settings.ts";

/** The commands; the default is `run`. */
export const COMMANDS = {
  run: "Take jobs and build them, until SIGTERM or SIGINT (the default)",
  check: "Check whether this machine can build, and say how to fix what is missing",
} as const;

const WIDTH = Math.max(...Object.values(SETTINGS).map(({ name }) => name.length));

/** The output of `pkgstash-builder --help`. */
export const HELP: string = `Usage: pkgstash-builder [COMMAND] [OPTIONS]

Builds packages from the queue of a pkgstash daemon in sandboxes. Run it as an ordinary user.

Commands:
${Object.entries(COMMANDS).map(([name, text]) => `  ${name.padEnd(8)} ${text}`).join("\n")}

Options:
  --config FILE  Configuration (default: ${DEFAULT_SETTINGS_PATH}, if it exists)
  --help, -h     Show this help
  --version      Show the version

Configuration keys (TOML):
${
  Object.values(SETTINGS).map(({ name, defaultValue, description }) =>
    `  ${name.padEnd(WIDTH)}  ${description}\n  ${" ".repeat(WIDTH)}  Default: ${
      JSON.stringify(defaultValue)
    }`
  ).join("\n")
}

Environment:
  ${URL_VARIABLE}    Overrides url
  ${TOKEN_VARIABLE}  The token; overrides token_file

Exit codes: 0 success, 1 failure, 2 wrong usage.`;
