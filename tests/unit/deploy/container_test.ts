import { assertEquals } from "@std/assert";
import { validate } from "dockerfile-utils";
import { DockerfileParser } from "dockerfile-ast";
import { PROJECT } from "../../support/project.ts";

const read = (path: string) => Deno.readTextFile(`${PROJECT}/${path}`);

Deno.test("the Containerfile has no fault that a linter finds", async () => {
  assertEquals(validate(await read("Containerfile")), []);
});

Deno.test("the container runs as nobody in particular, and says whether it is well", async () => {
  const file = DockerfileParser.parse(await read("Containerfile"));
  const argumentsOf = (keyword: string) =>
    file.getInstructions().filter((each) => each.getKeyword() === keyword)
      .map((each) => each.getArgumentsContent() ?? "");
  assertEquals(argumentsOf("USER"), ["970:970"]);
  assertEquals(argumentsOf("HEALTHCHECK").length, 1);
  assertEquals(argumentsOf("ADD"), []);
  // What is copied is all that the context has.
  const copied = argumentsOf("COPY").map((each) => each.split(" ")[0]);
  const context = (await read(".containerignore")).split("\n").filter((line) => /^!/.test(line));
  assertEquals(context.map((line) => line.slice(1)), copied);
});
