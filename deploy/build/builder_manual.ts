import {
  DEFAULT_SETTINGS_PATH,
  SETTINGS,
  TOKEN_VARIABLE,
  URL_VARIABLE,
} from "../../src/builder/settings.ts";
import { COMMANDS } from "../../src/builder/help.ts";
import { keyParagraph } from "./config_manual.ts";
import { roff, section, tagged, title } from "./roff.ts";

/** The manual page pkgstash-builder(1), from its tables of commands and keys. */
export function builderManual(version: string): string {
  return [
    title("PKGSTASH-BUILDER", 1, version),
    section("NAME"),
    roff("pkgstash-builder - builds packages in sandboxes for pkgstash"),
    section("SYNOPSIS"),
    roff("pkgstash-builder [COMMAND] [OPTION]..."),
    section("DESCRIPTION"),
    roff(
      "Takes jobs of the queue of a pkgstash and builds them, each step in a sandbox of its own, and " +
        "looks at the git repositories that watched packages follow. It runs as an ordinary user.",
    ),
    section("COMMANDS"),
    ...Object.entries(COMMANDS).flatMap(([name, description]) => tagged(name, `${description}.`)),
    section("OPTIONS"),
    ...tagged("--config FILE", `The configuration, by default ${DEFAULT_SETTINGS_PATH}.`),
    ...tagged("-h, --help", "Print the help."),
    ...tagged("--version", "Print the version, the commit and the version of Deno."),
    section("CONFIGURATION"),
    roff("A TOML file with these keys; an unknown key is an error."),
    ...Object.values(SETTINGS).flatMap((each) => keyParagraph(each)),
    section("ENVIRONMENT"),
    ...tagged(URL_VARIABLE, "Overrides url."),
    ...tagged(TOKEN_VARIABLE, "The token, instead of token_file."),
    section("EXIT STATUS"),
    ...tagged("0", "Success."),
    ...tagged("1", "Failure."),
    ...tagged("2", "Usage error."),
    section("SEE ALSO"),
    ".BR pkgstash (1),",
    ".BR makepkg (8),",
    ".BR bwrap (1)",
    "",
  ].join("\n");
}
