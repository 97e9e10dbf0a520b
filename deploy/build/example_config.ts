import { type ConfigKey, SETTINGS } from "../../src/config/schema.ts";
import { BINARY_CACHE_ROOT } from "../../src/config/out_of_reach.ts";
import { mainUpstreamKeys } from "./main_upstream_keys.ts";

const WIDTH = 98;

/** Keys that the package sets, since its files are where the schema cannot know. */
const SET: Readonly<Record<string, string>> = {
  [SETTINGS.cacheRoot.name]: BINARY_CACHE_ROOT,
  [SETTINGS.envFile.name]: "/etc/pkgstash/pkgstash.env",
};

/** The configuration file that the package installs: every key, with what it does and its default. */
export function exampleConfig(): string {
  return [
    "# Configuration of pkgstash, see pkgstash.toml(5). Made from the program's own table.",
    "# A key that is not given has the default that stands here behind the #.",
    '# "pkgstash check-config" prints what is in force; "systemctl reload pkgstash" puts a change',
    "# in force.",
    ...[...mainUpstreamKeys(), ...Object.values<ConfigKey<unknown>>(SETTINGS)].flatMap(keyLines),
    "",
    "# A further distribution is two lines; its clients find it below its name.",
    "#[upstreams.archlinuxarm]",
    '#preset = "archlinuxarm"',
    "",
  ].join("\n");
}

function keyLines({ name, description, type, defaultValue }: ConfigKey<unknown>): string[] {
  const value = SET[name];
  const line = value === undefined
    ? `#${name} = ${tomlOf(defaultValue)}`
    : `${name} = ${type.format(value)}`;
  return ["", ...comment(description), line];
}

function tomlOf(value: ConfigKey<unknown>["defaultValue"]): string {
  const isLong = Array.isArray(value) && JSON.stringify(value).length > WIDTH - 30;
  if (!isLong) return JSON.stringify(value).replaceAll('","', '", "');
  return ["[", ...(value as string[]).map((each) => `#  ${JSON.stringify(each)},`), "#]"].join(
    "\n",
  );
}

function comment(text: string): string[] {
  const lines = ["#"];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines;
}
