import { SET_LOG_LEVEL, SHOW_LOG_LEVEL } from "../../api/log_level.ts";
import { LOG_LEVELS } from "../../log_level.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";

export const LOG_LEVEL_COMMAND: Command = {
  name: "log-level",
  summary: "Show or set the log level",
  description: "Prints the daemon's log level, or sets it until the next restart or reload.",
  arguments: [{
    name: "LEVEL",
    description: "Least severe level to log",
    required: false,
    choices: LOG_LEVELS,
  }],
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{ command: "pkgstash log-level debug", description: "Log everything" }],
  run: async (options, output) => {
    const client = ApiClient.of(options);
    const level = LOG_LEVELS.find((each) => each === options.get("LEVEL"));
    const setting = level === undefined
      ? await client.call(SHOW_LOG_LEVEL)
      : await client.call(SET_LOG_LEVEL, { body: { level } });
    printAnswer(setting, { options, output, render: ({ level }) => level });
    return EXIT_CODE.ok;
  },
};
