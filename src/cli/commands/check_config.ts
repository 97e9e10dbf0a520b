import { linesWithoutArchitecture } from "../../config/ambiguous_lines.ts";
import { withoutCredentials } from "../../config/problem.ts";
import {
  type EffectiveConfig,
  readEffectiveConfig,
  unreadableFiles,
} from "../../config/read_config.ts";
import { KEY_TABLES, type KeyTableValues } from "../../config/key_tables.ts";
import { OWN_REPOSITORY_KEYS } from "../../config/own_repositories.ts";
import { type ConfigKey, TOKEN_VARIABLE, UPSTREAM_KEYS } from "../../config/schema.ts";
import { SETTINGS } from "../../config/settings.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { CONFIG_OPTION } from "./serve.ts";

export const CHECK_CONFIG_COMMAND: Command = {
  name: "check-config",
  summary: "Check the configuration and print it",
  description: "Prints every problem of the configuration and exits with 1, or prints the " +
    "effective configuration as TOML, each value with its origin and without secrets, and " +
    "exits with 0. A mirrorlist that cannot be read is a warning, and so is a mirror whose " +
    "address has no architecture.",
  options: [CONFIG_OPTION],
  examples: [
    { command: "pkgstash check-config", description: "What would be served, and from where" },
    {
      command: "pkgstash check-config --config ./pkgstash.toml",
      description: "A file that is not installed yet",
    },
  ],
  run: async (options, output) => {
    const effective = await readEffectiveConfig(options.get(CONFIG_OPTION.name));
    output.out(renderEffectiveConfig(effective));
    for (const line of effective.config.upstreams.flatMap(linesWithoutArchitecture)) {
      output.err(
        `pkgstash: The mirror ${withoutCredentials(line)} has no $arch. ` +
          "Unless that is right, its files will not be found.",
      );
    }
    const unreadable = await unreadableFiles(effective.config);
    for (const { key, path, failure, isRequired } of unreadable) {
      const effect = isRequired ? "The daemon cannot start." : "Its mirrors are missing.";
      output.err(`pkgstash: Cannot read ${path}, the ${key}: ${failure}. ${effect}`);
    }
    return unreadable.some(({ isRequired }) => isRequired) ? EXIT_CODE.failure : EXIT_CODE.ok;
  },
};

/**
 * The effective configuration as a valid TOML file, in which a comment tells the origin of every
 * key. It lacks the token, and credentials in URLs are replaced by "***".
 */
function renderEffectiveConfig({ config, origins, file }: EffectiveConfig): string {
  const token = config.token === null
    ? `${TOKEN_VARIABLE.name} is not set`
    : `${TOKEN_VARIABLE.name} is set, from: ${origins.get("token")}`;
  const upstreams = config.upstreams.flatMap((upstream, index) => {
    // The keys of the first upstream are on the top level.
    const table = index === 0 ? null : `upstreams.${upstream.name}`;
    const originOf = (key: string) => origins.get(table === null ? key : `${table}.${key}`);
    return [
      "",
      ...(table === null ? [] : [`[${table}]`]),
      ...lines(UPSTREAM_KEYS, upstream, originOf),
    ];
  });
  const repositories = config.ownRepositories.flatMap((repository) => {
    const table = `repositories.${repository.name}`;
    const originOf = (key: string) => origins.get(`${table}.${key}`);
    return ["", `[${table}]`, ...lines(OWN_REPOSITORY_KEYS, repository, originOf)];
  });
  const tables = Object.entries(KEY_TABLES).flatMap(([table, keys]) => {
    const values = config[table as keyof KeyTableValues];
    return ["", `[${table}]`, ...lines(keys, values, (key) => origins.get(`${table}.${key}`))];
  });
  return [
    `# Configuration file: ${file ?? "none"}`,
    `# ${token}`,
    ...lines(SETTINGS, config, (key) => origins.get(key)),
    ...upstreams,
    ...repositories,
    ...tables,
  ].join("\n");
}

function lines<T extends object>(
  keys: { readonly [K in keyof T]?: ConfigKey<T[K]> },
  values: T,
  originOf: (key: string) => string | undefined,
): string[] {
  return Object.entries<ConfigKey<unknown>>(keys as Record<string, ConfigKey<unknown>>).map(
    ([property, key]) => {
      const text = withoutCredentials(key.type.format(values[property as keyof T]));
      return `${key.name} = ${text} # ${originOf(key.name)}`;
    },
  );
}
