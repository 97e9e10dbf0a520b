/** Writes what is made from the program's own tables: manual pages and completions into `dist/share`,
 * and the example of the configuration into `deploy`. */
import { dirname, fromFileUrl, join } from "@std/path";
import { COMMANDS } from "../../src/cli/command_table.ts";
import { VERSION } from "../../src/version.ts";
import { bashCompletion } from "./completions/bash.ts";
import { fishCompletion } from "./completions/fish.ts";
import { zshCompletion } from "./completions/zsh.ts";
import { configManual } from "./config_manual.ts";
import { exampleConfig } from "./example_config.ts";
import { programManual } from "./program_manual.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** Every generated file by its path in the project. */
export function generatedFiles(): Record<string, string> {
  return {
    "deploy/pkgstash.toml": exampleConfig(),
    "dist/share/man/man1/pkgstash.1": programManual(COMMANDS, VERSION),
    "dist/share/man/man5/pkgstash.toml.5": configManual(VERSION),
    "dist/share/bash-completion/completions/pkgstash": bashCompletion(COMMANDS),
    "dist/share/zsh/site-functions/_pkgstash": zshCompletion(COMMANDS),
    "dist/share/fish/vendor_completions.d/pkgstash.fish": fishCompletion(COMMANDS),
  };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generatedFiles())) {
    const file = join(PROJECT, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
    console.log(path);
  }
}
