import type { UpstreamConfig } from "../config/config.ts";
import { withoutCredentials } from "../config/problem.ts";
import type { EffectiveConfig } from "../config/read_config.ts";
import { type ConfigKey, SETTINGS, TOKEN_VARIABLE, UPSTREAM_KEYS } from "../config/schema.ts";

/**
 * The effective configuration as TOML that can be used as a configuration file: every key with its
 * origin as a comment. The token is not in it, and credentials in URLs are replaced by "***".
 */
export function renderEffectiveConfig({ config, origins, file }: EffectiveConfig): string {
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
