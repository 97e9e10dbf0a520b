// The generated manual pages and completions, read by the programs that they are for.
import { assertEquals, assertMatch } from "@std/assert";
import { generatedFiles } from "../../../deploy/build/generate.ts";
import { runCommand } from "../../support/child_process.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** Writes a generated file into a folder of its own, and calls `run` with its path. */
async function withFile(name: string, run: (file: string) => Promise<void>): Promise<void> {
  const [, text] = Object.entries(generatedFiles()).find(([path]) => path.endsWith(`/${name}`))!;
  await using folder = await TempFolder.create("pkgstash-generated-");
  await Deno.writeTextFile(folder.join(name), text);
  await run(folder.join(name));
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

Deno.test("the fish completion completes commands, subcommands, options and values", () =>
  withFile("pkgstash.fish", async (file) => {
    const complete = async (line: string) => {
      const script = `source ${file}; complete -C ${JSON.stringify(line)}`;
      const output = await runCommand(["fish", "--no-config", "-c", script]);
      return output.trim().split("\n").map((each) => each.split("\t")[0]);
    };
    assertEquals(await complete("pkgstash ser"), ["serve"]);
    assertEquals(await complete("pkgstash packages sh"), ["show"]);
    assertEquals(await complete("pkgstash packages pin "), [""]);
    assertEquals(await complete("pkgstash serve --log-l"), ["--log-level"]);
    assertEquals(await complete("pkgstash serve --log-level d"), ["debug"]);
  }));
