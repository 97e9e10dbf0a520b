import { linesWithoutArchitecture } from "../../config/ambiguous_lines.ts";
import { effectiveSettings } from "../../config/effective_settings.ts";
import { madeTokenFile } from "../../config/made_token.ts";
import { withoutCredentials } from "../../config/problem.ts";
import { type EffectiveConfig, readConfig, unreadableFiles } from "../../config/read_config.ts";
import { webUserWarnings } from "../../config/web_users.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { CONFIG_OPTION } from "./serve.ts";
import { settingLines } from "./setting_lines.ts";

export const CHECK_CONFIG_COMMAND: Command = {
  name: "check-config",
  summary: "Check and print the configuration",
  description: "Prints every problem of the configuration and exits with 1, or prints the " +
    "effective configuration as TOML, each value with its origin and without secrets. Warns of " +
    "what is valid but probably not intended: a mirrorlist that cannot be read, a mirror URL " +
    "without $arch, and web_user_header with trusted_proxies that name no proxy or everybody.",
  options: [CONFIG_OPTION],
  examples: [
    { command: "pkgstash check-config", description: "Show every value and its origin" },
    {
      command: "pkgstash check-config --config ./pkgstash.toml",
      description: "Check a file before installing it",
    },
  ],
  run: async (options, output) => {
    const effective = await readConfig(options.get(CONFIG_OPTION.name));
    const made = madeTokenFile(effective.config.stateRoot);
    output.out(renderEffectiveConfig(effective, await isPresent(made) ? made : null));
    for (const line of effective.config.upstreams.flatMap(linesWithoutArchitecture)) {
      output.err(
        `pkgstash: The mirror ${withoutCredentials(line)} has no $arch. Unless this is ` +
          "intended, its files will not be found.",
      );
    }
    for (const warning of webUserWarnings(effective.config)) output.err(`pkgstash: ${warning}`);
    const unreadable = await unreadableFiles(effective.config);
    for (const { key, path, failure, isRequired } of unreadable) {
      const effect = isRequired ? "The daemon cannot start." : "Its mirrors are missing.";
      output.err(`pkgstash: Cannot read ${path}, the ${key}: ${failure}. ${effect}`);
    }
    return unreadable.some(({ isRequired }) => isRequired) ? EXIT_CODE.failure : EXIT_CODE.ok;
  },
};

function renderEffectiveConfig(
  { config, origins, file }: EffectiveConfig,
  madeToken: string | null,
): string {
  const token = config.token === null ? null : origins.get("token") ?? "default";
  const settings = effectiveSettings(config, origins);
  return settingLines({ file, token, madeToken, settings }).join("\n");
}

/** Whether there is such a file, as far as this user may see. */
async function isPresent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
