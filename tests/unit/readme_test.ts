import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../src/cli/command_table.ts";
import { PRESETS } from "../../src/config/presets.ts";
import {
  environmentName,
  MAIN_UPSTREAM,
  SETTINGS,
  UPSTREAM_KEYS,
} from "../../src/config/schema.ts";

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
const { tasks, permissions } = JSON.parse(
  await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
);

/** The table of keys: name, default and meaning as they stand there. */
const rows = new Map(
  readme.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [, name, defaultValue, meaning] = line.split(" | ").join("|").split("|");
    return [name!.trim().replaceAll("`", ""), [defaultValue!.trim(), meaning!.trim()]];
  }),
);

Deno.test("the README's table has every key with its default and its description", () => {
  for (const { name, defaultValue, description } of Object.values(SETTINGS)) {
    assertEquals(rows.get(name), [`\`${JSON.stringify(defaultValue)}\``, description], name);
  }
  const upstream = Object.values(UPSTREAM_KEYS).map(({ name }) => name);
  for (const name of upstream) assert(rows.has(name), name);
  assertEquals(rows.size, Object.keys(SETTINGS).length + upstream.length);
  assertEquals(rows.get("mirrored_repos")![0], `\`${JSON.stringify(MAIN_UPSTREAM.repositories)}\``);
});

Deno.test("the README names every preset, and only tasks that exist", () => {
  for (const name of Object.keys(PRESETS)) assertStringIncludes(readme, `\`${name}\``);
  for (const [, task] of readme.matchAll(/(?:deno|deno@\S+) task (\w+)/g)) {
    assert(task! in tasks, task);
  }
});

Deno.test("the README names every command", () => {
  for (const { name, subcommands = [] } of COMMANDS) {
    for (const each of subcommands) assertStringIncludes(readme, `pkgstash ${each.name}`);
    assertStringIncludes(readme, `pkgstash ${name}`);
  }
});

Deno.test("the README shows the permissions of the binary as deno.json has them", () => {
  const { net, read, write, sys, env, ...others } = permissions.binary;
  assertEquals([net, others], [true, {}]);
  const keys = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)].map(environmentName);
  const variables = env.filter((name: string) => !keys.includes(name));
  assertEquals(env.length - variables.length, keys.length);
  const shown = [
    "    net    everything",
    `    read   ${read.join(" ")}`,
    `    write  ${write.join(" ")}`,
    `    sys    ${sys.join(" ")}`,
    "    env    PKGSTASH_ and the name of each key, in capitals;",
    `           ${variables.join(" ")}`,
  ];
  assertStringIncludes(readme, `\n${shown.join("\n")}\n`);
});
