import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Command } from "../../../src/cli/command.ts";
import { AdministrationError, EXIT_CODE, EXIT_CODE_MEANINGS } from "../../../src/cli/errors.ts";
import { capture } from "./captured_output.ts";

/** `tool`, `tool list [GLOB]` and `tool set NAME LEVEL`, which print their input. */
const COMMANDS: readonly Command[] = [{
  ...command("tool", []),
  subcommands: [
    command("tool list", [{ name: "GLOB", description: "Names", required: false }]),
    command("tool set", [
      { name: "NAME", description: "Which", required: true },
      { name: "LEVEL", description: "How much", required: true, choices: ["low", "high"] },
    ]),
  ],
}];

function command(name: string, positionals: Command["arguments"] & object): Command {
  return {
    name,
    summary: `Summary of ${name}`,
    description: `Description of ${name}.`,
    arguments: positionals,
    options: [{ name: "json", valueName: null, description: "As JSON" }],
    examples: [{ command: `pkgstash ${name}`, description: "Do it" }],
    run: (options, output) => {
      output.out(JSON.stringify([name, Object.fromEntries(options)]));
      return Promise.resolve(EXIT_CODE.ok);
    },
  };
}

Deno.test("a subcommand gets its options and its arguments by name, in any order", async (t) => {
  const table: [string[], unknown][] = [
    [["tool"], ["tool", {}]],
    [["tool", "--json"], ["tool", { json: "true" }]],
    [["tool", "list"], ["tool list", {}]],
    [["tool", "list", "linux*"], ["tool list", { GLOB: "linux*" }]],
    [["tool", "list", "007"], ["tool list", { GLOB: "007" }]],
    [["tool", "--json", "list"], null],
    [["tool", "set", "--json", "a", "low"], ["tool set", {
      NAME: "a",
      LEVEL: "low",
      json: "true",
    }]],
    [["tool", "set", "--", "-a", "low"], ["tool set", { NAME: "-a", LEVEL: "low" }]],
  ];
  for (const [args, expected] of table) {
    await t.step(args.join(" "), async () => {
      const { out } = await capture(args, COMMANDS);
      assertEquals(out === "" ? null : JSON.parse(out), expected);
    });
  }
});

Deno.test("too many, too few or wrong arguments exit with 2 and say what to type", async (t) => {
  const table: [string[], RegExp][] = [
    [["tool", "lsit"], /Unknown command "lsit" of tool, did you mean "list"\?/],
    [["tool", "list", "a", "b"], /Unexpected argument "b"\. Usage: pkgstash tool list \[GLOB\]/],
    [["tool", "set", "a"], /Missing argument LEVEL\. Usage: pkgstash tool set NAME LEVEL/],
    [["tool", "set", "a", "hihg"], /Unknown LEVEL "hihg", did you mean "high"\?/],
    [["tool", "set", "a", "quiet"], /Unknown LEVEL "quiet", expected one of [a-z, ]*high/],
    [["tool", "list", "--jsno"], /Unknown option "--jsno" of tool list, did you mean "--json"\?/],
    [["help", "tool", "list", "x"], /Unexpected argument "x"/],
  ];
  for (const [args, expected] of table) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await capture(args, COMMANDS);
      assertEquals([code, out], [EXIT_CODE.usage, ""]);
      assertMatch(err, expected);
    });
  }
});

Deno.test("help of a command shows its subcommands, theirs shows their arguments", async () => {
  const { out: tool } = await capture(["help", "tool"], COMMANDS);
  assertStringIncludes(tool, "\n  pkgstash tool list [GLOB] [--json]\n");
  assertMatch(tool, /Commands:\n {2}list +Summary of tool list\n {2}set +Summary of tool set\n/);
  for (const args of [["help", "tool", "set"], ["tool", "set", "--help"]]) {
    const { out } = await capture(args, COMMANDS);
    assertStringIncludes(out, "  pkgstash tool set NAME LEVEL [--json]\n");
    assertMatch(out, /Arguments:\n {2}NAME +Which\n {2}LEVEL +How much: low, high\n/);
  }
});

Deno.test("help names every exit code, and an AdministrationError exits with its own", async () => {
  const { out } = await capture(["help"], COMMANDS);
  const codes = EXIT_CODE_MEANINGS.map(([code]) => code);
  assertEquals([...codes], Object.values(EXIT_CODE));
  for (const [code, meaning] of EXIT_CODE_MEANINGS) {
    assertMatch(out, new RegExp(`^ +${code} +${meaning}`, "m"));
  }
  const failing: Command = {
    ...COMMANDS[0]!,
    run: () => Promise.reject(new AdministrationError(EXIT_CODE.refused, "Not you")),
  };
  assertEquals(await capture(["tool"], [failing]), {
    code: EXIT_CODE.refused,
    out: "",
    err: "pkgstash: Not you\n",
  });
});
