import type { Config } from "./config.ts";
import { KEY_TABLES, type KeyTableValues } from "./key_tables.ts";
import { OWN_REPOSITORY_KEYS } from "./own_repositories.ts";
import { withoutCredentials } from "./problem.ts";
import { type ConfigKey, UPSTREAM_KEYS } from "./schema.ts";
import { type Setting, SETTINGS } from "./settings.ts";

/** A key with the value in force. */
export interface EffectiveSetting {
  /** Its table in the file, such as "upstreams.manjaro"; "" for the top level. */
  readonly table: string;
  readonly name: string;
  /** The value as TOML. Credentials in URLs are replaced by "***". */
  readonly value: string;
  /** Where the value comes from: "default", "file", "environment", "preset NAME", ... */
  readonly origin: string;
  /** One sentence. */
  readonly description: string;
  /** Whether a change takes effect at the next start only. */
  readonly needsRestart: boolean;
}

/** Every key of a configuration in the order of the file, without the token and other secrets. */
export function effectiveSettings(
  config: Config,
  origins: ReadonlyMap<string, string>,
): EffectiveSetting[] {
  const settingsIn = (table: string, keys: object, values: object) =>
    Object.entries(keys as Record<string, ConfigKey<unknown>>).map(([property, key]) => {
      const fullName = table === "" ? key.name : `${table}.${key.name}`;
      return {
        table,
        name: key.name,
        value: withoutCredentials(key.type.format((values as Record<string, unknown>)[property])),
        origin: origins.get(fullName) ?? "default",
        description: key.description,
        needsRestart: (key as Setting<unknown>).needsRestart ?? false,
      };
    });
  return [
    ...settingsIn("", SETTINGS, config),
    // The keys of the first upstream are on the top level.
    ...config.upstreams.flatMap((upstream, index) =>
      settingsIn(index === 0 ? "" : `upstreams.${upstream.name}`, UPSTREAM_KEYS, upstream)
    ),
    ...config.ownRepositories.flatMap((repository) =>
      settingsIn(`repositories.${repository.name}`, OWN_REPOSITORY_KEYS, repository)
    ),
    ...Object.entries(KEY_TABLES).flatMap(([table, keys]) =>
      settingsIn(table, keys, config[table as keyof KeyTableValues])
    ),
  ];
}
