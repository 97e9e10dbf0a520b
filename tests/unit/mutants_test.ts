// `deno task mutants` takes long, so this tells at once that the source has moved away from its list.
import { assert, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { MUTANTS } from "../mutants/list.ts";
import { mutated } from "../mutants/mutant.ts";
import { PROJECT } from "../support/project.ts";

Deno.test("every mutant changes a text that its file has exactly once", async () => {
  for (const mutant of MUTANTS) {
    mutated(await Deno.readTextFile(join(PROJECT, "src", mutant.file)), mutant);
  }
});

Deno.test("every test that must notice a mutant exists", async () => {
  for (const { file, killedBy } of MUTANTS) {
    assert(killedBy.length > 0, file);
    for (const test of killedBy) {
      const [path = "", name] = test.split(/: (.*)/s);
      const text = await Deno.readTextFile(join(PROJECT, "tests/unit", path));
      if (name !== undefined) assertStringIncludes(text, `"${name}"`, test);
    }
  }
});
