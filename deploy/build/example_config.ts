import type { ConfigKey } from "../../src/config/schema.ts";
import { KEY_TABLES } from "../../src/config/key_tables.ts";
import { SETTINGS as BUILDER_SETTINGS } from "../../src/builder/settings.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { BINARY_CACHE_ROOT, BINARY_STATE_ROOT } from "../../src/config/out_of_reach.ts";
import { mainUpstreamKeys } from "./main_upstream_keys.ts";

const LINE_WIDTH = 98;

/** Values that differ from the defaults because of where the package installs its files. */
const PACKAGED_VALUES: Readonly<Record<string, string>> = {
  [SETTINGS.cacheRoot.name]: BINARY_CACHE_ROOT,
  [SETTINGS.stateRoot.name]: BINARY_STATE_ROOT,
  [SETTINGS.envFile.name]: "/etc/pkgstash/pkgstash.env",
};

/** The configuration file that the package installs: every key with its description and default. */
export function exampleConfig(): string {
  return [
    "# Configuration of pkgstash; see pkgstash.toml(5). Keys that are commented out show their defaults.",
    '# "pkgstash check-config" checks this file and prints the effective configuration.',
    '# "systemctl reload pkgstash" applies a change.',
    ...[...mainUpstreamKeys(), ...Object.values<ConfigKey<unknown>>(SETTINGS)].flatMap(keyLines),
    "",
    "# Two lines add a distribution, which clients find at http://this-server/archlinuxarm/.",
    "#[upstreams.archlinuxarm]",
    '#preset = "archlinuxarm"',
    "",
    "# A repository of your own packages, which clients find at http://this-server/mine/os/x86_64/.",
    "#[repositories.mine]",
    '#architectures = ["x86_64"]',
    ...Object.entries(KEY_TABLES).flatMap(([name, keys]) => [
      "",
      `[${name}]`,
      ...Object.values<ConfigKey<unknown>>(keys).flatMap(keyLines),
    ]),
    "",
  ].join("\n");
}

/** The configuration file that the package of the builder installs. */
export function exampleBuilderConfig(): string {
  return [
    '# Configuration of pkgstash-builder. Keys that are commented out show their defaults; "pkgstash-builder',
    '# --help" lists them, and "pkgstash-builder check" says whether this machine can build.',
    ...Object.values<ConfigKey<unknown>>(BUILDER_SETTINGS as Record<string, ConfigKey<unknown>>)
      .flatMap(keyLines),
    "",
  ].join("\n");
}

function keyLines({ name, description, type, defaultValue }: ConfigKey<unknown>): string[] {
  const value = PACKAGED_VALUES[name];
  const line = value === undefined
    ? `#${name} = ${tomlOf(defaultValue)}`
    : `${name} = ${type.format(value)}`;
  return ["", ...comment(description), line];
}

function tomlOf(value: ConfigKey<unknown>["defaultValue"]): string {
  const isLong = Array.isArray(value) && JSON.stringify(value).length > LINE_WIDTH - 30;
  if (!isLong) return JSON.stringify(value).replaceAll('","', '", "');
  return ["[", ...(value as string[]).map((each) => `#  ${JSON.stringify(each)},`), "#]"].join(
    "\n",
  );
}

function comment(text: string): string[] {
  const lines = ["#"];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last.length + 1 + word.length <= LINE_WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines;
}
