import { DEFAULT_CONFIG_PATH } from "../config/read_config.ts";
import { LOG_LEVELS } from "../log_level.ts";
import { ADMINISTRATION_COMMANDS } from "./administration_commands.ts";
import type { Command, CommandOption } from "./command.ts";

const config: CommandOption = {
  name: "config",
  valueName: "FILE",
  description: `Configuration file (default: ${DEFAULT_CONFIG_PATH}, if it exists)`,
};

/** Every command, in the order of help. */
export const COMMANDS: readonly Command[] = [
  {
    name: "serve",
    summary: "Run the mirror",
    description: "Serves packages to pacman, from the cache or from the mirrors upstream. " +
      "SIGTERM and SIGINT stop it when transfers in flight are done, SIGHUP reads the " +
      "configuration again.",
    options: [
      config,
      {
        name: "log-level",
        valueName: "LEVEL",
        description: "Least severe level that is logged; overrides log_level",
        choices: LOG_LEVELS,
      },
    ],
    examples: [
      { command: "pkgstash serve", description: "Without any configuration, cache in ./cache" },
      {
        command: "pkgstash serve --config /etc/pkgstash/pkgstash.toml --log-level debug",
        description: "With a file, and everything logged",
      },
      {
        command: "PKGSTASH_PORT=9129 pkgstash serve",
        description: "Every key can be overridden in the environment",
      },
    ],
    load: () => import("./commands/serve.ts"),
  },
  {
    name: "check-config",
    summary: "Check a configuration, or print what it comes to",
    description: "Prints every problem of the configuration and exits with 1, or prints the " +
      "effective configuration as TOML, each value with its origin and without secrets, and " +
      "exits with 0.",
    options: [config],
    examples: [
      { command: "pkgstash check-config", description: "What would be served, and from where" },
      {
        command: "pkgstash check-config --config ./pkgstash.toml",
        description: "Before a file is installed",
      },
    ],
    load: () => import("./commands/check_config.ts"),
  },
  ...ADMINISTRATION_COMMANDS,
];
