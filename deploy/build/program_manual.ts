import { JSON_OPTION } from "../../src/cli/answer_output.ts";
import type { Command, CommandOption } from "../../src/cli/command.ts";
import { PORT_VARIABLE, URL_VARIABLE } from "../../src/cli/daemon_url.ts";
import { EXIT_CODE_MEANINGS } from "../../src/cli/errors.ts";
import { meaningOf, usageOf } from "../../src/cli/help.ts";
import { BINARY_CACHE_ROOT, BINARY_STATE_ROOT } from "../../src/config/out_of_reach.ts";
import { TOKEN_VARIABLE } from "../../src/config/schema.ts";
import { allCommands, INSTALLED_CONNECTION_OPTIONS } from "./all_commands.ts";
import { literal, roff, section, tagged, title } from "./roff.ts";

/** The options that nearly every command has, described once. */
const COMMON_OPTIONS: readonly CommandOption[] = [JSON_OPTION, ...INSTALLED_CONNECTION_OPTIONS];

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
    ".PP",
    roff("Commands that ask the daemon also have these:"),
    ...COMMON_OPTIONS.flatMap(optionParagraph),
    section("EXIT STATUS"),
    ...EXIT_CODE_MEANINGS.flatMap(([code, meaning]) => tagged(String(code), `${meaning}.`)),
    section("ENVIRONMENT"),
    ...tagged(
      TOKEN_VARIABLE.name,
      "The token; see --token-file. The daemon takes its own from it.",
    ),
    ...tagged(URL_VARIABLE, "The URL of the daemon that commands ask."),
    ...tagged(PORT_VARIABLE, "The port of the daemon on this machine, if that is not set."),
    ...tagged("NO_COLOR", "If set and not empty, nothing is coloured."),
    ".PP",
    roff("For the variables of the daemon, see pkgstash.toml(5)."),
    section("FILES"),
    ...tagged("/etc/pkgstash/pkgstash.toml", "The configuration; see pkgstash.toml(5)."),
    ...tagged("/etc/pkgstash/pkgstash.env", "The token of the administrative API."),
    ...tagged("~/.config/pkgstash/token", "The token of a user, which commands read first."),
    ...tagged(
      BINARY_CACHE_ROOT,
      "The cache, unless cache_root is set to another directory.",
    ),
    ...tagged(
      BINARY_STATE_ROOT,
      "Your own repositories, keys and tokens, unless state_root is set to another directory. Back " +
        "this up.",
    ),
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
    ...(command.arguments ?? []).flatMap((each) => tagged(each.name, `${meaningOf(each)}.`)),
    ...command.options.filter((each) => !COMMON_OPTIONS.includes(each)).flatMap(optionParagraph),
    ...command.examples.flatMap((example) => [
      ".PP",
      roff(`${example.description}:`),
      ...literal([example.command]),
    ]),
  ];
}

function optionParagraph(option: CommandOption): string[] {
  const value = option.valueName === null ? "" : ` ${option.valueName}`;
  return tagged(`--${option.name}${value}`, `${meaningOf(option)}.`);
}
