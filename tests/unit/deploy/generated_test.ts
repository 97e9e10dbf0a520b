// Generated files, and files that repeat a fact of deno.json.
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import manifest from "../../../deno.json" with { type: "json" };
import { allCommands } from "../../../deploy/build/all_commands.ts";
import { entryPoint, PROGRAMS } from "../../../deploy/build/compile.ts";
import { exampleConfig } from "../../../deploy/build/example_config.ts";
import { committedFiles, generatedFiles } from "../../../deploy/build/generate.ts";
import { fillParts } from "../../../deploy/build/markdown.ts";
import { SETTINGS as BUILDER_SETTINGS } from "../../../src/builder/settings.ts";
import { COMMANDS } from "../../../src/cli/command_table.ts";
import { EXIT_CODE_MEANINGS } from "../../../src/cli/errors.ts";
import { PRESETS } from "../../../src/config/presets.ts";
import { environmentName, UPSTREAM_KEYS } from "../../../src/config/schema.ts";
import { OWN_REPOSITORY_KEYS } from "../../../src/config/own_repositories.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { HOME_VARIABLES } from "../../../src/platform/permissions.ts";
import { parse } from "../../support/configuration.ts";

const files = generatedFiles();
const read = (path: string) => Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));
const keys = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)];

Deno.test('what git holds is what "deno task generate" makes of it', async (t) => {
  for (const [path, text] of Object.entries(await committedFiles())) {
    await t.step(path, async () => assertEquals(await read(path), text));
  }
});

Deno.test("docs/configuration.md has every key once, with its default and description", async () => {
  const rows = (await read("docs/configuration.md")).split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  // At the top level, and in tables of their own.
  const own = Object.values(OWN_REPOSITORY_KEYS).map(({ name }) => name);
  const upstream = Object.values(UPSTREAM_KEYS).map(({ name }) => name);
  const inOwnTables = (name: string) => (own.includes(name) ? 1 : 0);
  for (const { name, type, defaultValue, description } of Object.values(SETTINGS)) {
    const [row, ...others] = rows.filter((cells) => cells[1] === `\`${name}\``);
    others.splice(0, inOwnTables(name));
    assertEquals(others, [], name);
    const [, , shownType, shownDefault, meaning] = row!;
    assertEquals([shownType, meaning], [type.name, description.replaceAll("|", "\\|")], name);
    assertEquals(JSON.parse(shownDefault!.slice(1, -1)), defaultValue, name);
  }
  const settings = Object.values(SETTINGS).map(({ name }) => name);
  for (const name of new Set([...upstream, ...own])) {
    const elsewhere = upstream.includes(name) ? 2 : settings.includes(name) ? 1 : 0;
    const tables = elsewhere + inOwnTables(name);
    assertEquals(rows.filter((cells) => cells[1] === `\`${name}\``).length, tables, name);
  }
  for (const name of Object.keys(PRESETS)) {
    assert(rows.some((cells) => cells[1] === `\`${name}\``), name);
  }
});

Deno.test("docs/administration.md has every command, exit code and metric", async () => {
  const text = await read("docs/administration.md");
  for (const { name } of allCommands(COMMANDS)) assertStringIncludes(text, `\`pkgstash ${name}`);
  for (const [code] of EXIT_CODE_MEANINGS) assertStringIncludes(text, `| \`${code}\``);
  assertEquals(text.match(/^\| `pkgstash_\w+`/gm)?.length, 23);
});

Deno.test("docs/installation.md has the permissions of the binary, and there are no others", async () => {
  const { net, read: readable, write, sys, env, ...others } = manifest.permissions.binary;
  assertEquals([net, others], [true, {}]);
  assert(readable.includes("/"));
  const variables = env.filter((name) => !keys.map(environmentName).includes(name));
  assertEquals(env.length - variables.length, keys.length);
  const homeVariables: readonly string[] = HOME_VARIABLES;
  const shown = [
    "net    everything",
    `read   ${readable.filter((path) => path !== "/").join(" ")}`,
    "       and all files, for the administrator's commands; the daemon gives that up first",
    `write  ${write.filter((path) => path !== "/").join(" ")}`,
    "       and all files, for repo export; everything else gives that up first",
    `sys    ${sys.join(" ")}`,
    "env    PKGSTASH_ and the name of each key, in capitals;",
    `       ${variables.filter((name) => !homeVariables.includes(name)).join(" ")}`,
    "       and XDG_CONFIG_HOME HOME, which the daemon gives up",
  ];
  assertStringIncludes(await read("docs/installation.md"), `\n${shown.join("\n")}\n`);
});

Deno.test("a generated part that a document lacks, or has beyond those, is an error", () => {
  const text = "<!-- generated: keys -->\nold\n<!-- end -->\n";
  assertEquals(
    fillParts(text, { keys: "new" }),
    "<!-- generated: keys -->\n\nnew\n\n<!-- end -->\n",
  );
  assertThrows(() => fillParts(text, {}), Error, 'the part "keys"');
  assertThrows(() => fillParts(text, { keys: "", presets: "" }), Error, "presets");
});

Deno.test("the example has every key, and without its comment signs it is the defaults", () => {
  const envFile = { "/etc/pkgstash/pkgstash.env": { text: "PKGSTASH_TOKEN=x", mode: 0o640 } };
  const shipped = parse(exampleConfig(), {}, envFile);
  const bare = exampleConfig().replaceAll(/^#(?=[a-z_]+ = |\]| {2}"|\[)/gm, "");
  const every = parse(bare, {}, envFile);
  assert(shipped.ok && every.ok, JSON.stringify(every));
  const { upstreams: [main], ownRepositories, ...settings } = every.config;
  const { upstreams: [shippedMain], ownRepositories: none, ...shippedSettings } = shipped.config;
  assertEquals([main, settings], [shippedMain, shippedSettings]);
  assertEquals([ownRepositories.map(({ name }) => name), none], [["mine"], []]);
  for (const { name } of keys) assertEquals(every.origins.get(name), "file", name);
});

Deno.test("the manual pages name every command, option and key", () => {
  const program = files["dist/share/man/man1/pkgstash.1"]!.replaceAll("\\-", "-");
  for (const { name, options } of allCommands(COMMANDS)) {
    assertStringIncludes(program, `pkgstash ${name}`);
    for (const option of options) assertStringIncludes(program, `--${option.name}`);
  }
  const config = files["dist/share/man/man5/pkgstash.toml.5"]!;
  for (const { name } of keys) assertMatch(config, new RegExp(`^\\.B "${name}"$`, "m"));
  assertStringIncludes(config, `"pkgstash ${manifest.version}"`);
});

Deno.test("the builder's manual page and completions have its commands and keys", async () => {
  const share = "dist/share-builder";
  const manual = files[`${share}/man/man1/pkgstash-builder.1`]!.replaceAll("\\-", "-");
  for (const { name } of Object.values(BUILDER_SETTINGS)) {
    assertMatch(manual, new RegExp(`^\\.B "${name}"$`, "m"));
  }
  const completions = Object.entries(files).filter(([path]) =>
    path.startsWith(share) && !path.includes("/man/")
  );
  assertEquals(completions.length, 3);
  for (const [path, text] of [...completions, ["manual", manual]] as const) {
    for (const word of ["run", "check", "config", "version"]) {
      assertStringIncludes(text, word, path);
    }
  }
  const bash = files[`${share}/bash-completion/completions/pkgstash-builder`]!;
  const script = `${bash}
    COMP_WORDS=(pkgstash-builder ch); COMP_CWORD=1; _pkgstash_builder; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
  assertEquals(new TextDecoder().decode(stdout), "check\n");
});

Deno.test("the completions of all shells know every command and option", () => {
  const completions = Object.entries(files).filter(([path]) =>
    path.startsWith("dist/share/") && /completion|zsh|fish/.test(path)
  );
  assertEquals(completions.length, 3);
  for (const [path, text] of completions) {
    for (const { name, options } of allCommands(COMMANDS)) {
      for (const word of name.split(" ")) assertStringIncludes(text, word, path);
      for (const option of options) {
        assertMatch(text, new RegExp(`(--|-l )${option.name}\\b`), path);
      }
    }
  }
});

Deno.test("installed files name the token's place in the system, not that in a clone", () => {
  const installed = Object.entries(files).filter(([path]) => path.startsWith("dist/"));
  assert(installed.some(([, text]) => text.includes("/var/lib/pkgstash/token")));
  for (const [path, text] of installed) assert(!text.includes("state/token"), path);
});

Deno.test("bash completes commands, options and their values", async () => {
  const complete = async (...words: string[]) => {
    const script = `${files["dist/share/bash-completion/completions/pkgstash"]}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pkgstash; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await new Deno.Command("bash", {
      args: ["-c", script, "bash", ...words],
    }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  assertEquals(await complete("pkgstash", "ser"), ["serve"]);
  assertEquals(await complete("pkgstash", "serve", "--lo"), ["--log-level"]);
  assertEquals(await complete("pkgstash", "serve", "--log-level", "d"), ["debug"]);
  assertEquals(await complete("pkgstash", "serve", "--config", "/etc/os-relea"), [
    "/etc/os-release",
  ]);
  assertEquals(await complete("pkgstash", "packages", "sh"), ["show"]);
  assertEquals(await complete("pkgstash", "help", "check"), ["check-config"]);
});

Deno.test("PKGBUILD has the version and the licence of deno.json", async () => {
  const recipe = await read("PKGBUILD");
  assertMatch(recipe, new RegExp(`^pkgver=${manifest.version}$`, "m"));
  assertMatch(recipe, new RegExp(`^license=\\(${manifest.license}(?:-only)?\\)$`, "m"));
  assertMatch(await read("LICENSE"), /GNU GENERAL PUBLIC LICENSE\s+Version 2, June 1991/);
});

Deno.test("the entry points of the binaries import what exists, and know their commit", async () => {
  for (const program of PROGRAMS) {
    const source = entryPoint("0123456789ab", program);
    assertStringIncludes(source, 'commit = "0123456789ab"');
    const imports = [...source.matchAll(/^import \{ (\w+) \} from "\.\.\/(.+)";$/gm)];
    assertEquals(imports.length, source.match(/\bimport\b/g)!.length);
    for (const [, name, path] of imports) {
      assert(name! in await import(`../../../${path}`), path);
    }
  }
});
