import type { Command, CommandOption } from "../../src/cli/command.ts";
import { EXIT_CODE_MEANINGS } from "../../src/cli/errors.ts";
import { usageOf } from "../../src/cli/help.ts";
import { allCommands } from "./all_commands.ts";
import { literal, roff, section, tagged, title } from "./roff.ts";

/** pkgstash(1), from the table that `--help` is made from. */
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
      "pkgstash looks like a full mirror to pacman and holds only the packages that its clients " +
        "asked for. The first one to want a package fetches it through pkgstash, everyone after " +
        "that gets it from the cache.",
    ),
    section("COMMANDS"),
    ...allCommands(commands).flatMap(commandParagraphs),
    section("OPTIONS"),
    ...tagged("-h, --help", "Print help, of the program or of a command."),
    ...tagged("--version", "Print the version, the commit and the version of Deno."),
    section("EXIT STATUS"),
    ...EXIT_CODE_MEANINGS.flatMap(([code, meaning]) => tagged(String(code), `${meaning}.`)),
    section("FILES"),
    ...tagged("/etc/pkgstash/pkgstash.toml", "The configuration, see pkgstash.toml(5)."),
    ...tagged("/etc/pkgstash/pkgstash.env", "The administrator's token."),
    ...tagged("/var/cache/pkgstash", "The cache, unless cache_root names another directory."),
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
