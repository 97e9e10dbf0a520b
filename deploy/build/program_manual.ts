import type { Command, CommandOption } from "../../src/cli/command.ts";
import { EXIT_CODE_MEANINGS } from "../../src/cli/exit_code.ts";
import { usageOf } from "../../src/cli/help.ts";
import { allCommands } from "./all_commands.ts";
import { literal, roff, section, tagged, title } from "./roff.ts";

/** The manual page pkgstash(1), from the table of commands. */
export function programManual(commands: readonly Command[], version: string): string {
  return [
    title("PKGSTASH", 1, version),
    section("NAME"),
    roff("pkgstash - a sparse caching mirror for pacman"),
    section("SYNOPSIS"),
    ".B pkgstash",
    ".I COMMAND",
    roff("[OPTION]..."),
    section("DESCRIPTION"),
    roff(
      "To pacman, pkgstash looks like a full mirror, but it stores only the packages that its " +
        "clients requested. The first request for a package fetches it from a mirror and sends it " +
        "on as it arrives; every later request is served from the cache.",
    ),
    section("COMMANDS"),
    ...allCommands(commands).flatMap(commandParagraphs),
    section("OPTIONS"),
    ...tagged("-h, --help", "Print the help of the program or of a command."),
    ...tagged("--version", "Print the version, the commit and the version of Deno."),
    section("EXIT STATUS"),
    ...EXIT_CODE_MEANINGS.flatMap(([code, meaning]) => tagged(String(code), `${meaning}.`)),
    section("FILES"),
    ...tagged("/etc/pkgstash/pkgstash.toml", "The configuration; see pkgstash.toml(5)."),
    ...tagged("/etc/pkgstash/pkgstash.env", "The token of the administrative API."),
    ...tagged("/var/cache/pkgstash", "The cache, unless cache_root is set to another directory."),
    section("SEE ALSO"),
    ".BR pkgstash.toml (5),",
    ".BR pacman (8),",
    ".BR pacman.conf (5)",
    "",
  ].join("\n");
}

function commandParagraphs(command: Command): string[] {
  return [
    `.SS "${roff(usageOf(command))}"`,
    roff(command.description),
    ...(command.arguments ?? []).flatMap((each) =>
      tagged(each.name, sentence(each.description, each.choices))
    ),
    ...command.options.flatMap(optionParagraph),
    ...command.examples.flatMap((example) => [
      ".PP",
      roff(`${example.description}:`),
      ...literal([example.command]),
    ]),
  ];
}

function optionParagraph({ name, valueName, description, choices }: CommandOption): string[] {
  const value = valueName === null ? "" : ` ${valueName}`;
  return tagged(`--${name}${value}`, sentence(description, choices));
}

function sentence(description: string, choices: readonly string[] | undefined): string {
  const values = choices === undefined ? "" : `: ${choices.join(", ")}`;
  return `${description}${values}.`;
}
