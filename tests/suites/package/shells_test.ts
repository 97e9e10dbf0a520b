// The generated files as the programs see them that they are made for.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { generatedFiles } from "../../../deploy/build/generate.ts";
import { runCommand } from "../../support/child_process.ts";

/** Runs with a generated file in a folder of its own. */
async function withFile(name: string, run: (file: string) => Promise<void>): Promise<void> {
  const [, text] = Object.entries(generatedFiles()).find(([path]) => path.endsWith(`/${name}`))!;
  const folder = await Deno.makeTempDir({ prefix: "pkgstash-generated-" });
  try {
    await Deno.writeTextFile(join(folder, name), text);
    await run(join(folder, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const page of ["pkgstash.1", "pkgstash.toml.5"]) {
  Deno.test(`mandoc finds no error in ${page}, and prints it`, () =>
    withFile(page, async (file) => {
      assertEquals(await runCommand(["mandoc", "-T", "lint", "-W", "error", file]), "");
      assertMatch(await runCommand(["mandoc", "-T", "utf8", file]), /pkgstash/);
    }));
}

Deno.test("zsh reads its completion", () =>
  withFile("_pkgstash", async (file) => {
    assertEquals(await runCommand(["zsh", "-n", file]), "");
  }));

Deno.test("fish completes commands, subcommands, options and values", () =>
  withFile("pkgstash.fish", async (file) => {
    const complete = async (line: string) => {
      const script = `source ${file}; complete -C ${JSON.stringify(line)}`;
      const said = await runCommand(["fish", "--no-config", "-c", script]);
      return said.trim().split("\n").map((each) => each.split("\t")[0]);
    };
    assertEquals(await complete("pkgstash ser"), ["serve"]);
    assertEquals(await complete("pkgstash packages sh"), ["show"]);
    assertEquals(await complete("pkgstash serve --log-l"), ["--log-level"]);
    assertEquals(await complete("pkgstash serve --log-level d"), ["debug"]);
  }));
