import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Command, OptionValues } from "../../../src/cli/command.ts";
import { COMMANDS } from "../../../src/cli/command_table.ts";
import { EXIT_CODE } from "../../../src/cli/errors.ts";
import { PkgstashError } from "../../../src/errors.ts";
import manifest from "../../../deno.json" with { type: "json" };
import { capture } from "./captured_output.ts";

/** The real commands, but running one only passes its options to `run`. */
function recording(run: (options: OptionValues) => void): Command[] {
  return COMMANDS.map((command) => ({
    ...command,
    // Async, so that what `run` throws rejects.
    run: async (options: OptionValues) => {
      await run(options);
      return EXIT_CODE.ok;
    },
  }));
}

async function optionsOf(args: string[]): Promise<Record<string, string> | null> {
  let seen: Record<string, string> | null = null;
  await capture(args, recording((options) => void (seen = Object.fromEntries(options))));
  return seen;
}

Deno.test("a command gets the given options and no others", async () => {
  assertEquals(await optionsOf(["serve"]), {});
  assertEquals(await optionsOf(["serve", "--config", "a b", "--log-level=debug"]), {
    "config": "a b",
    "log-level": "debug",
  });
  assertEquals(await optionsOf(["check-config", "--config=x=y"]), { config: "x=y" });
});

Deno.test("a wrong command line exits with 2 and says what to type", async (t) => {
  const table: [string[], RegExp][] = [
    [["srve"], /Unknown command "srve", did you mean "serve"\?/],
    [["checkconfig"], /did you mean "check-config"\?/],
    [["nonsense"], /Unknown command "nonsense", expected one of serve, .*, help\./],
    [["hlep"], /did you mean "help"\?/],
    [["help", "srve"], /did you mean "serve"\?/],
    [["help", "serve", "more"], /Unexpected argument "more"\. Usage: pkgstash help \[COMMAND\]/],
    [["--hepl"], /Unknown option "--hepl", did you mean "--help"\?/],
    [["--config", "x"], /"--config" belongs after a command: pkgstash serve --config FILE/],
    [["-config", "x"], /"-config" belongs after a command: pkgstash serve --config FILE/],
    [["-loglevel=DEBUG"], /belongs after a command: pkgstash serve --log-level LEVEL/],
    [["serve", "--confg", "x"], /Unknown option "--confg" of serve, did you mean "--config"\?/],
    [["serve", "--confg=x"], /"--confg" of serve, did you mean "--config"\?/],
    [["serve", "-config", "x"], /"-config" is spelled "--config FILE" here/],
    [["serve", "-loglevel", "INFO"], /"-loglevel" is spelled "--log-level LEVEL" here/],
    [["serve", "--loglevel", "INFO"], /"--loglevel" is spelled "--log-level LEVEL" here/],
    [["serve", "-x"], /Unknown option "-x" of serve/],
    [["serve", "-verbose"], /Unknown option "-verbose" of serve/],
    [["serve", "--no-config"], /Unknown option "--no-config" of serve/],
    [["serve", "--config"], /Missing value\. Usage: --config FILE/],
    [["serve", "--config="], /Missing value\. Usage: --config FILE/],
    [["serve", "--config", "a", "--config", "b"], /--config may be given only once/],
    [["aur", "settings", "a", "--env", "A=1", "--env="], /Missing value/],
    [["serve", "--log-level", "debg"], /value "debg" of --log-level, did you mean "debug"\?/],
    [["serve", "--log-level", "INFO"], /value "INFO" of --log-level, did you mean "info"\?/],
    [["serve", "now"], /Unexpected argument "now"\. Usage: pkgstash serve\n/],
    [["serve", "--", "--config"], /Unexpected argument "--config"/],
    [["check-config", "--log-level", "info"], /Unknown option "--log-level" of check-config/],
  ];
  for (const [args, expected] of table) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await capture(
        args,
        recording(() => {
          throw new Error("It must not run");
        }),
      );
      assertEquals([code, out], [2, ""]);
      assertMatch(err, expected);
      assert(!err.includes("    at "), "no stack");
    });
  }
});

Deno.test("a wrong command line names the help of its command, if there is one", async () => {
  const hints: [string[], string][] = [
    [["srve"], "--help"],
    [["--hepl"], "--help"],
    [["serve", "now"], "help serve"],
    [["packages", "list", "--jsno"], "help packages list"],
    [["status", "--url", "nowhere"], "help status"],
  ];
  for (const [args, hint] of hints) {
    assertMatch((await capture(args)).err, new RegExp(`\nTry "pkgstash ${hint}" for more`));
  }
});

Deno.test("no arguments print help to standard error and exit with 2", async () => {
  const { code, out, err } = await capture([]);
  assertEquals([code, out], [2, ""]);
  assertMatch(err, /Usage:/);
});

Deno.test("every way to ask for help prints help with examples and exits with 0", async () => {
  const general = [["--help"], ["-h"], ["help"], ["help", "--help"]];
  for (const args of general) {
    const { code, out, err } = await capture(args);
    assertEquals([code, err], [0, ""], args.join(" "));
    for (const { name, summary } of COMMANDS) assertMatch(out, new RegExp(`${name} +${summary}`));
    assertMatch(out, /Examples:\n {2}# .+\n {2}pkgstash serve\n/);
  }
  for (const command of COMMANDS) {
    for (const args of [["help", command.name], [command.name, "--help"], [command.name, "-h"]]) {
      const { code, out, err } = await capture(args);
      assertEquals([code, err], [0, ""], args.join(" "));
      for (const { name } of command.options) assertStringIncludes(out, `--${name} `);
      for (const example of command.examples) assertStringIncludes(out, example.command);
    }
  }
});

Deno.test("help fits into 80 columns", async () => {
  const names = COMMANDS.flatMap((each) => [each, ...each.subcommands ?? []])
    .map(({ name }) => name.split(" "));
  for (const name of [[], ...names]) {
    const { code, out } = await capture(["help", ...name]);
    assertEquals(code, 0);
    for (const line of out.split("\n")) assert(line.length <= 80, line);
  }
});

Deno.test("help names the task that runs the command in a clone", async () => {
  const hints: [string[], string][] = [
    [[], '"deno task pkgstash COMMAND", or "deno task start" for "pkgstash serve"'],
    [["serve"], '"deno task start"'],
    [["builds", "log"], '"deno task pkgstash builds log"'],
  ];
  for (const [name, hint] of hints) {
    const { out } = await capture(["help", ...name]);
    assertStringIncludes(out.replaceAll("\n", " "), `In a clone, type ${hint}`);
  }
});

Deno.test("help gives the values of an option before its default", async () => {
  const { out } = await capture(["help", "repo", "create"]);
  assertMatch(out, /nobody:\s+required, external, none \(default: required\)/);
});

Deno.test("--version prints the version of deno.json, the commit and Deno's version", async () => {
  assertEquals(await capture(["--version"]), {
    code: 0,
    out: `pkgstash ${manifest.version} (run from source, Deno ${Deno.version.deno})\n`,
    err: "",
  });
});

Deno.test("an expected error is one message and exits with 1, any other is thrown", async () => {
  const failing = (error: Error) =>
    recording(() =>
      void (() => {
        throw error;
      })()
    );
  assertEquals(await capture(["serve"], failing(new PkgstashError("storage", "Cannot do it"))), {
    code: 1,
    out: "",
    err: "pkgstash: Cannot do it\n",
  });
  await assertRejects(() => capture(["serve"], failing(new TypeError("bug"))), TypeError, "bug");
});
