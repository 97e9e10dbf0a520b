/** Writes everything that is made from the program's own tables: `deno task generate`. */
import { dirname, fromFileUrl, join } from "@std/path";
import { COMMANDS } from "../../src/cli/command_table.ts";
import { VERSION } from "../../src/version.ts";
import { administrationTables } from "./administration_tables.ts";
import { type BenchmarkResults, benchmarkTable } from "./benchmark_table.ts";
import { builderManual } from "./builder_manual.ts";
import { bashCompletion } from "./completions/bash.ts";
import {
  builderBashCompletion,
  builderFishCompletion,
  builderZshCompletion,
} from "./completions/builder.ts";
import { fishCompletion } from "./completions/fish.ts";
import { zshCompletion } from "./completions/zsh.ts";
import { configManual } from "./config_manual.ts";
import { configurationTables } from "./configuration_tables.ts";
import { exampleBuilderConfig, exampleConfig } from "./example_config.ts";
import { fillParts } from "./markdown.ts";
import { permissionList, withBinaryVariables } from "./permissions.ts";
import { programManual } from "./program_manual.ts";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** What the package installs and git does not hold, by path in the project. */
export function generatedFiles(): Record<string, string> {
  return {
    "dist/share/man/man1/pkgstash.1": programManual(COMMANDS, VERSION),
    "dist/share/man/man5/pkgstash.toml.5": configManual(VERSION),
    "dist/share/bash-completion/completions/pkgstash": bashCompletion(COMMANDS),
    "dist/share/zsh/site-functions/_pkgstash": zshCompletion(COMMANDS),
    "dist/share/fish/vendor_completions.d/pkgstash.fish": fishCompletion(COMMANDS),
    "dist/share-builder/man/man1/pkgstash-builder.1": builderManual(VERSION),
    "dist/share-builder/bash-completion/completions/pkgstash-builder": builderBashCompletion(),
    "dist/share-builder/zsh/site-functions/_pkgstash-builder": builderZshCompletion(),
    "dist/share-builder/fish/vendor_completions.d/pkgstash-builder.fish": builderFishCompletion(),
  };
}

/** What git holds as well, by path in the project; the handwritten parts are read from disk. */
export async function committedFiles(): Promise<Record<string, string>> {
  const documents = {
    "README.md": { benchmark: benchmarkTable(await benchmarkResults()) },
    "docs/administration.md": await administrationTables(COMMANDS),
    "docs/configuration.md": configurationTables(),
    "docs/installation.md": { permissions: permissionList() },
  };
  const files: Record<string, string> = {
    "deno.json": withBinaryVariables(await readProjectFile("deno.json")),
    "deploy/pkgstash.toml": exampleConfig(),
    "deploy/pkgstash-builder.toml": exampleBuilderConfig(),
  };
  for (const [path, parts] of Object.entries(documents)) {
    files[path] = fillParts(await readProjectFile(path), parts);
  }
  return files;
}

/** Of the last whole run; null if there was none. */
async function benchmarkResults(): Promise<BenchmarkResults | null> {
  try {
    return JSON.parse(await readProjectFile("bench/results/results.json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function readProjectFile(path: string): Promise<string> {
  return Deno.readTextFile(join(PROJECT, path));
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(await committedFiles())) await write(path, text);
  for (const [path, text] of Object.entries(generatedFiles())) {
    await Deno.mkdir(join(PROJECT, dirname(path)), { recursive: true });
    await write(path, text);
  }
}

async function write(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(join(PROJECT, path), text);
  console.log(path);
}
