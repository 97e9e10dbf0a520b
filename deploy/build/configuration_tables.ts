import { PRESETS } from "../../src/config/presets.ts";
import {
  type ConfigKey,
  environmentName,
  PRESET_KEY,
  TOKEN_VARIABLE,
  UPSTREAM_KEYS,
} from "../../src/config/schema.ts";
import { KEY_TABLES } from "../../src/config/key_tables.ts";
import { OWN_REPOSITORY_KEYS } from "../../src/config/own_repositories.ts";
import { type Setting, SETTINGS, type Topic } from "../../src/config/settings.ts";
import { mainUpstreamKeys } from "./main_upstream_keys.ts";
import { code, table } from "./markdown.ts";

/** The generated parts of docs/configuration.md, by name. */
export function configurationTables(): Record<string, string> {
  return {
    distribution: keyTable(mainUpstreamKeys()),
    server: keyTable(keysAbout("server")),
    databases: keyTable(keysAbout("databases")),
    prefetch: keyTable(keysAbout("prefetch")),
    retention: keyTable(keysAbout("retention")),
    verification: keyTable(keysAbout("verification")),
    mirrors: keyTable(keysAbout("mirrors")),
    log: keyTable(keysAbout("log")),
    "further distributions": keyTable([PRESET_KEY, ...Object.values(UPSTREAM_KEYS)]),
    presets: presetTable(),
    "your own repositories": keyTable(Object.values<ConfigKey<unknown>>(OWN_REPOSITORY_KEYS)),
    ...Object.fromEntries(
      Object.entries(KEY_TABLES).map((
        [name, keys],
      ) => [name, keyTable(Object.values<ConfigKey<unknown>>(keys))]),
    ),
    environment: environmentTable(),
  };
}

function keysAbout(topic: Topic): ConfigKey<unknown>[] {
  return Object.values<Setting<unknown>>(SETTINGS).filter((key) => key.topic === topic);
}

function keyTable(keys: readonly ConfigKey<unknown>[]): string {
  return table(
    ["key", "type", "default", "meaning"],
    keys.map(({ name, type, defaultValue, description }) => [
      code(name),
      type.name,
      defaultValue === undefined ? "" : code(tomlOf(defaultValue)),
      description,
    ]),
  );
}

function tomlOf(value: NonNullable<ConfigKey<unknown>["defaultValue"]>): string {
  return JSON.stringify(value).replaceAll('","', '", "');
}

function presetTable(): string {
  const rows = Object.entries(PRESETS).flatMap(([name, { groups }]) =>
    groups.map(({ suffix, repositories, architectures, upstreamLayout }) => [
      code(name),
      repositories.map(code).join(" "),
      architectures.map(code).join(" "),
      code(`${name}${suffix}/${upstreamLayout}`),
    ])
  );
  return table(["preset", "repositories", "architectures", "path on this server"], rows);
}

function environmentTable(): string {
  const example = environmentName(SETTINGS.cacheRoot);
  return table(["variable", "meaning"], [
    [code(TOKEN_VARIABLE.name), TOKEN_VARIABLE.description],
    [code("PKGSTASH_KEY"), `Overrides the top-level key, as ${code(example)} does.`],
  ]);
}
