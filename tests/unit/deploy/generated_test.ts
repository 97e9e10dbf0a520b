// What is made from the program's tables, and what repeats a fact of deno.json.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import manifest from "../../../deno.json" with { type: "json" };
import { allCommands } from "../../../deploy/build/all_commands.ts";
import { exampleConfig } from "../../../deploy/build/example_config.ts";
import { generatedFiles } from "../../../deploy/build/generate.ts";
import { COMMANDS } from "../../../src/cli/command_table.ts";
import { SETTINGS, UPSTREAM_KEYS } from "../../../src/config/schema.ts";
import { parse } from "../../support/configuration.ts";

const files = generatedFiles();
const read = (path: string) => Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));
const keys = [...Object.values(SETTINGS), ...Object.values(UPSTREAM_KEYS)];

Deno.test('deploy/pkgstash.toml is what "deno task generate" makes', async () => {
  assertEquals(await read("deploy/pkgstash.toml"), exampleConfig());
});

Deno.test("the example has every key, and without its comment signs it is the defaults", () => {
  const envFile = { "/etc/pkgstash/pkgstash.env": { text: "PKGSTASH_TOKEN=x", mode: 0o640 } };
  const shipped = parse(exampleConfig(), {}, envFile);
  const bare = exampleConfig().replaceAll(/^#(?=[a-z_]+ = |\]| {2}"|\[)/gm, "");
  const every = parse(bare, {}, envFile);
  assert(shipped.ok && every.ok, JSON.stringify(every));
  const { upstreams: [main], ...settings } = every.config;
  const { upstreams: [shippedMain], ...shippedSettings } = shipped.config;
  assertEquals([main, settings], [shippedMain, shippedSettings]);
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

Deno.test("the completions of all shells know every command and option", () => {
  const completions = Object.entries(files).filter(([path]) => /completion|zsh|fish/.test(path));
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
