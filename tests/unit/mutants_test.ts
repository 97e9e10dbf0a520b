// `deno task mutants` takes long, so this tells at once that the source has moved away from its list.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { MUTANTS } from "../mutants/list.ts";
import { fileAndName, mutated } from "../mutants/mutant.ts";
import { PROJECT } from "../support/project.ts";

Deno.test("every mutant changes a text that its file has exactly once", async () => {
  for (const mutant of MUTANTS) {
    mutated(await Deno.readTextFile(join(PROJECT, "src", mutant.file)), mutant);
  }
});

Deno.test("every test that must notice a mutant exists", async () => {
  const absent: string[] = [];
  for (const { file, killedBy } of MUTANTS) {
    assert(killedBy.length > 0, file);
    for (const test of killedBy) {
      const { file: path, name } = fileAndName(test);
      const text = await Deno.readTextFile(join(PROJECT, "tests/unit", path));
      if (name !== null && !testNames(text).some((each) => each.test(name))) absent.push(test);
    }
  }
  assertEquals(absent, [], "Bring the list in tests/mutants up to date.");
});

/** The names of the tests in a file; whatever a template has inserted matches. */
function testNames(text: string): RegExp[] {
  const names = text.matchAll(/(?:Deno\.test\(|\bname:)\s*(["'`])((?:\\.|(?!\1).)*)\1/g);
  return Array.from(names, ([, quote, name = ""]) => {
    const parts = quote === "`" ? name.split(/\$\{[^}]*\}/) : [name];
    return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join(".+")}$`);
  });
}
