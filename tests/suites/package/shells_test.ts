// The generated manual pages and completions, read by the programs that they are for.
import { assertEquals, assertMatch } from "@std/assert";
import { generatedFiles } from "../../../deploy/build/generate.ts";
import { runCommand, searchPath } from "../../support/child_process.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** Writes a generated file into a folder of its own, and calls `run` with its path. */
async function withFile(name: string, run: (file: string) => Promise<void>): Promise<void> {
  const [, text] = Object.entries(generatedFiles()).find(([path]) => path.endsWith(`/${name}`))!;
  await using folder = await TempFolder.create("pkgstash-generated-");
  const file = folder.join(name.replaceAll("/", "-"));
  await Deno.writeTextFile(file, text);
  await run(file);
}

for (const page of ["pkgstash.1", "pkgstash.toml.5"]) {
  Deno.test(`${page} has no error that mandoc finds, and can be displayed`, () =>
    withFile(page, async (file) => {
      assertEquals(await runCommand(["mandoc", "-T", "lint", "-W", "error", file]), "");
      assertMatch(await runCommand(["mandoc", "-T", "utf8", file]), /pkgstash/);
    }));
}

Deno.test("the zsh completion has no syntax error", () =>
  withFile("_pkgstash", async (file) => {
    assertEquals(await runCommand(["zsh", "-n", file]), "");
  }));

/** A folder with a program in place of pkgstash, which offers what it is asked with. */
async function echoingProgram(folder: TempFolder): Promise<Record<string, string>> {
  await Deno.mkdir(folder.join("bin"));
  const program = folder.join("bin/pkgstash");
  await Deno.writeTextFile(
    program,
    '#!/bin/sh\nshift\nIFS=,\necho "asked:$*" >>"$ASKED"\necho linux\n',
  );
  await Deno.chmod(program, 0o755);
  const ASKED = folder.join("asked");
  await Deno.writeTextFile(ASKED, "");
  return { PATH: `${folder.join("bin")}:${searchPath()}`, ASKED };
}

/** How each shell is asked to complete `pkgstash packages show li`, with the completion at FILE. */
const ASKING: Record<string, { file: string; argv: (file: string) => string[] }> = {
  bash: {
    file: "completions/pkgstash",
    argv: (file) => [
      ...["bash", "--norc", "-c"],
      `source ${file}; COMP_WORDS=(pkgstash packages show li); COMP_CWORD=3; _pkgstash; ` +
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ],
  },
  zsh: {
    file: "_pkgstash",
    argv: (file) => [
      ...["zsh", "-f", "-c"],
      'compadd() { print -l -- "${(@P)2}" }; _describe() { : }; ' +
      `words=(pkgstash packages show li); CURRENT=4; source ${file}`,
    ],
  },
  fish: {
    file: "pkgstash.fish",
    argv: (file) => [
      ...["fish", "--no-config", "-c"],
      `source ${file}; complete -C "pkgstash packages show li"`,
    ],
  },
};

for (const [shell, { file, argv }] of Object.entries(ASKING)) {
  Deno.test(`${shell} completes packages to what the daemon knows`, () =>
    withFile(file, async (path) => {
      await using folder = await TempFolder.create("pkgstash-shell-");
      const env = await echoingProgram(folder);
      assertEquals((await runCommand(argv(path), { env })).trim(), "linux");
      assertEquals(await Deno.readTextFile(env["ASKED"]!), "asked:packages,show,li\n");
    }));
}

Deno.test("the fish completion completes commands, subcommands, options and values", () =>
  withFile("pkgstash.fish", async (file) => {
    const complete = async (line: string) => {
      const script = `source ${file}; complete -C ${JSON.stringify(line)}`;
      const output = await runCommand(["fish", "--no-config", "-c", script]);
      return output.trim().split("\n").map((each) => each.split("\t")[0]);
    };
    assertEquals(await complete("pkgstash ser"), ["serve"]);
    assertEquals(await complete("pkgstash packages sh"), ["show"]);
    assertEquals(await complete("pkgstash serve --log-l"), ["--log-level"]);
    assertEquals(await complete("pkgstash serve --log-level d"), ["debug"]);
  }));

/** How each shell is asked to complete `pkgstash repo add mine fo`, with the completion at FILE. */
const ASKING_FOR_PATHS: Record<string, (file: string) => string[]> = {
  "completions/pkgstash": (file) => [
    ...["bash", "--norc", "-c"],
    `source ${file}; COMP_WORDS=(pkgstash repo add mine fo); COMP_CWORD=4; _pkgstash; ` +
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ],
  "_pkgstash": (file) => [
    ...["zsh", "-f", "-c"],
    "compadd() { : }; _describe() { : }; _files() { print -l -- ${words[CURRENT]}* }; " +
    `words=(pkgstash repo add mine fo); CURRENT=5; source ${file}`,
  ],
  "pkgstash.fish": (file) => [
    ...["fish", "--no-config", "-c"],
    `source ${file}; complete -C "pkgstash repo add mine fo"`,
  ],
};

for (const [name, argv] of Object.entries(ASKING_FOR_PATHS)) {
  Deno.test(`${name} completes the files of a command that takes files`, () =>
    withFile(name, async (path) => {
      await using folder = await TempFolder.create("pkgstash-shell-");
      const env = { ...await echoingProgram(folder), HOME: folder.path };
      const file = "foo-1.0-1-any.pkg.tar.zst";
      await Deno.writeTextFile(folder.join(file), "");
      const offered = (await runCommand(argv(path), { cwd: folder.path, env })).split("\n");
      assertEquals(offered.filter((each) => each === file), [file]);
    }));
}
