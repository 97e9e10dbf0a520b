import { type ConfigurationReport, SHOW_CONFIGURATION } from "../../api/configuration.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { settingLines } from "./setting_lines.ts";

export const CONFIGURATION_COMMAND: Command = {
  name: "configuration",
  summary: "Show the configuration that the daemon uses",
  description:
    "Prints the configuration in force as TOML, each value with its origin and without secrets. " +
    "Exits with 1 if the last reload failed.",
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{ command: "pkgstash configuration", description: "Show every value and its origin" }],
  run: async (options, output) => {
    const configuration = await ApiClient.of(options).call(SHOW_CONFIGURATION);
    printAnswer(configuration, { options, output, render: renderConfiguration });
    if (configuration.failure === null) return EXIT_CODE.ok;
    output.err(
      "pkgstash: The last reload failed, so the file is newer than this configuration. " +
        `${configuration.failure}`,
    );
    return EXIT_CODE.failure;
  },
};

function renderConfiguration({ file, token, settings }: ConfigurationReport): string {
  return settingLines({ file, token, settings }).join("\n");
}
