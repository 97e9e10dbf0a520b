import type { UpstreamConfig } from "../../config/config.ts";
import { withoutCredentials } from "../../config/problem.ts";
import { type EffectiveConfig, readEffectiveConfig } from "../../config/read_config.ts";
import { type ConfigKey, SETTINGS, TOKEN_VARIABLE, UPSTREAM_KEYS } from "../../config/schema.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { CONFIG_OPTION } from "./serve.ts";

export const CHECK_CONFIG_COMMAND: Command = {
  name: "check-config",
  summary: "Check the configuration and print it",
  description: "Prints every problem of the configuration and exits with 1, or prints the " +
    "effective configuration as TOML, each value with its origin and without secrets, and " +
    "exits with 0.",
  options: [CONFIG_OPTION],
  examples: [
    { command: "pkgstash check-config", description: "What would be served, and from where" },
    {
      command: "pkgstash check-config --config ./pkgstash.toml",
      description: "A file that is not installed yet",
    },
  ],
  run: async (options, output) => {
    output.out(renderEffectiveConfig(await readEffectiveConfig(options.get(CONFIG_OPTION.name))));
    return EXIT_CODE.ok;
  },
};

/**
 * The effective configuration as a valid TOML file, in which a comment tells the origin of every
 * key. It lacks the token, and credentials in URLs are replaced by "***".
 */
function renderEffectiveConfig({ config, origins, file }: EffectiveConfig): string {
  const [main, ...others] = config.upstreams;
  const token = config.token === null
    ? `${TOKEN_VARIABLE.name} is not set`
    : `${TOKEN_VARIABLE.name} is set, from: ${origins.get("token")}`;
  return [
    `# Configuration file: ${file ?? "none"}`,
    `# ${token}`,
    ...lines(SETTINGS, config, "", origins),
    "",
    ...lines(UPSTREAM_KEYS, main!, "", origins),
    ...others.flatMap((upstream) => table(upstream, origins)),
  ].join("\n");
}

function table(upstream: UpstreamConfig, origins: EffectiveConfig["origins"]): string[] {
  const name = `upstreams.${upstream.name}`;
  return ["", `[${name}]`, ...lines(UPSTREAM_KEYS, upstream, `${name}.`, origins)];
}

function lines<T extends object>(
  keys: { readonly [K in keyof T]?: ConfigKey<T[K]> },
  values: T,
  prefix: string,
  origins: EffectiveConfig["origins"],
): string[] {
  return Object.entries<ConfigKey<unknown>>(keys as Record<string, ConfigKey<unknown>>).map(
    ([property, key]) => {
      const text = withoutCredentials(key.type.format(values[property as keyof T]));
      return `${key.name} = ${text} # ${origins.get(prefix + key.name)}`;
    },
  );
}
