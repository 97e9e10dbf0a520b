import { DEFAULT_CONFIG_PATH } from "../../config/read_config.ts";
import { LOG_LEVELS } from "../../log_level.ts";
import type { Command, CommandOption } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";

export const CONFIG_OPTION: CommandOption = {
  name: "config",
  valueName: "FILE",
  description: `Configuration file (default: ${DEFAULT_CONFIG_PATH}, if it exists)`,
};

const LOG_LEVEL_OPTION: CommandOption = {
  name: "log-level",
  valueName: "LEVEL",
  description: "Overrides log_level, the least severe level to log",
  choices: LOG_LEVELS,
};

const MAKE_TOKEN_OPTION: CommandOption = {
  name: "make-token",
  valueName: null,
  description:
    "If no token is configured, use the one in state_root/token; the first start creates it",
};

export const SERVE_COMMAND: Command = {
  name: "serve",
  summary: "Run the daemon",
  description: "Serves packages to pacman, from the cache or from upstream mirrors. SIGTERM and " +
    "SIGINT stop it once the transfers in flight are done, or after drain_timeout; SIGHUP " +
    "reloads the configuration.",
  options: [CONFIG_OPTION, LOG_LEVEL_OPTION, MAKE_TOKEN_OPTION],
  examples: [
    {
      command: "pkgstash serve",
      description: "Serve Arch Linux on port 8090, with no configuration",
    },
    {
      command: "pkgstash serve --config /etc/pkgstash/pkgstash.toml --log-level debug",
      description: "Use a configuration file and log everything",
    },
    {
      command: "PKGSTASH_PORT=9129 pkgstash serve",
      description: "Set a key in the environment",
    },
  ],
  isDaemon: true,
  run: async (options) => {
    // Load the daemon, most of the program, only for this command.
    const { serve } = await import("../../serve.ts");
    const configPath = options.get(CONFIG_OPTION.name);
    const logLevel = LOG_LEVELS.find((each) => each === options.get(LOG_LEVEL_OPTION.name));
    await serve({
      ...(configPath === undefined ? {} : { configPath }),
      ...(logLevel === undefined ? {} : { logLevel }),
      makeToken: options.has(MAKE_TOKEN_OPTION.name),
    });
    return EXIT_CODE.ok;
  },
};
