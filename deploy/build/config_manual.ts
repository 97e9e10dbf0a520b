import {
  type ConfigKey,
  environmentName,
  PRESET_KEY,
  TOKEN_VARIABLE,
  UPSTREAM_KEYS,
} from "../../src/config/schema.ts";
import { KEY_TABLES } from "../../src/config/key_tables.ts";
import { OWN_REPOSITORY_KEYS } from "../../src/config/own_repositories.ts";
import { BINARY_CACHE_ROOT, BINARY_STATE_ROOT } from "../../src/config/out_of_reach.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { PRESETS } from "../../src/config/presets.ts";
import { mainUpstreamKeys } from "./main_upstream_keys.ts";
import { literal, roff, section, tagged, title } from "./roff.ts";

/** The manual page pkgstash.toml(5), from the table of keys. */
export function configManual(version: string): string {
  return [
    title("PKGSTASH.TOML", 5, version),
    section("NAME"),
    roff("pkgstash.toml - configuration of pkgstash"),
    section("SYNOPSIS"),
    roff("/etc/pkgstash/pkgstash.toml"),
    section("DESCRIPTION"),
    roff(
      "A TOML file. Every key has a default; an unknown key is an error. A duration is written " +
        '"90d", "8760h", "1h30m" or "500ms", a size "50GB", where 1 GB is 1024 MB.',
    ),
    ".PP",
    roff(
      "An environment variable overrides a top-level key: PKGSTASH_PORT overrides port. Items of " +
        "a list are separated by commas.",
    ),
    section("KEYS"),
    ...mainUpstreamKeys().flatMap(keyParagraph),
    ...Object.values(SETTINGS).flatMap(keyParagraph),
    section("FURTHER UPSTREAMS"),
    roff("A table [upstreams.NAME] adds a distribution. It has these keys:"),
    ...keyParagraph(PRESET_KEY),
    ...Object.values<ConfigKey<unknown>>(UPSTREAM_KEYS).flatMap(keyParagraph),
    ".PP",
    roff(`There are presets for ${Object.keys(PRESETS).join(", ")}:`),
    ...literal(["[upstreams.archlinuxarm]", 'preset = "archlinuxarm"']),
    section("YOUR OWN REPOSITORIES"),
    roff(
      "A table [repositories.NAME] describes a repository of your own packages. It may be empty:",
    ),
    ...Object.values<ConfigKey<unknown>>(OWN_REPOSITORY_KEYS).flatMap(keyParagraph),
    section("FURTHER TABLES"),
    ...Object.entries(KEY_TABLES).flatMap(([name, keys]) => [
      ".PP",
      roff(`The table [${name}]:`),
      ...Object.values<ConfigKey<unknown>>(keys).flatMap(keyParagraph),
    ]),
    section("ENVIRONMENT"),
    ...tagged(TOKEN_VARIABLE.name, TOKEN_VARIABLE.description),
    ...tagged(
      "PKGSTASH_KEY",
      `Overrides the key of that name, as ${environmentName(SETTINGS.cacheRoot)} does; an empty ` +
        "variable is ignored.",
    ),
    section("CREDENTIALS"),
    ...tagged(
      "pkgstash.token",
      "The token, if the unit has LoadCredential=pkgstash.token:PATH (systemd.exec(5)).",
    ),
    section("SEE ALSO"),
    ".BR pkgstash (1)",
    "",
  ].join("\n");
}

/** What a manual page says of a key. */
export function keyParagraph(
  { name, type, defaultValue, description }: ConfigKey<unknown>,
): string[] {
  const installed = BINARY_DEFAULTS[name] ?? defaultValue;
  const value = installed === undefined
    ? "none"
    : JSON.stringify(installed).replaceAll('","', '", "');
  const article = /^[aeiou]/i.test(type.name) ? "An" : "A";
  return [
    ...tagged(name, description),
    ".br",
    roff(`${article} ${type.name}, by default ${value}.`),
  ];
}

/** The manual page is installed together with the binary. */
const BINARY_DEFAULTS: Readonly<Record<string, string>> = {
  [SETTINGS.cacheRoot.name]: BINARY_CACHE_ROOT,
  [SETTINGS.stateRoot.name]: BINARY_STATE_ROOT,
};
