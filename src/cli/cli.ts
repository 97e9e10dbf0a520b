import { PkgstashError } from "../errors.ts";
import { AdministrationError } from "./administration_error.ts";
import { lastWord, parseCommandArguments } from "./arguments.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./command_table.ts";
import { EXIT_CODE, type ExitCode } from "./exit_code.ts";
import { renderCommandHelp, renderProgramHelp } from "./help.ts";
import { type Output, terminal } from "./output.ts";
import { unknown, UsageError } from "./usage_error.ts";
import { versionLine } from "../version.ts";

/**
 * Runs one command line and gives the exit code. A mistake of the user is one message; only what
 * must not happen is thrown on, with its stack.
 */
export async function runCli(
  args: readonly string[],
  output: Output = terminal,
  commands: readonly Command[] = COMMANDS,
): Promise<ExitCode> {
  try {
    return await dispatch(args, output, commands);
  } catch (error) {
    if (error instanceof UsageError) {
      output.err(`pkgstash: ${error.message}\n"pkgstash --help" tells more.`);
      return EXIT_CODE.usage;
    }
    if (error instanceof AdministrationError) {
      output.err(`pkgstash: ${error.message}`);
      return error.exitCode;
    }
    if (error instanceof PkgstashError) {
      output.err(`pkgstash: ${error.message}`);
      return EXIT_CODE.failure;
    }
    throw error;
  }
}

async function dispatch(
  args: readonly string[],
  output: Output,
  commands: readonly Command[],
): Promise<ExitCode> {
  const [first, ...rest] = args;
  switch (first) {
    case undefined:
      output.err(renderProgramHelp(commands));
      return EXIT_CODE.usage;
    case "--help":
    case "-h":
      output.out(renderProgramHelp(commands));
      return EXIT_CODE.ok;
    case "--version":
      output.out(versionLine());
      return EXIT_CODE.ok;
    case "help":
      output.out(helpOn(rest, commands));
      return EXIT_CODE.ok;
  }
  if (first.startsWith("-")) throw rejectOption(first, commands);
  const [command, words] = withSubcommand(findCommand(first, commands), rest);
  const parsed = parseCommandArguments(command, words);
  if (parsed.help) {
    output.out(renderCommandHelp(command));
    return EXIT_CODE.ok;
  }
  return await (await command.load()).run(parsed.options, output);
}

function helpOn(args: readonly string[], commands: readonly Command[]): string {
  const [name, ...rest] = args;
  const isGeneral = name === undefined || name === "--help" || name === "-h" || name === "help";
  const [command, [extra]] = isGeneral
    ? [null, rest]
    : withSubcommand(findCommand(name, commands), rest);
  if (extra !== undefined) {
    throw new UsageError(`"${extra}" is one word too many, help takes one command.`);
  }
  return command === null ? renderProgramHelp(commands) : renderCommandHelp(command);
}

/** The subcommand, if the first word names one, and the words after it. */
function withSubcommand(command: Command, words: readonly string[]): [Command, readonly string[]] {
  const [first, ...rest] = words;
  const found = command.subcommands?.find((each) => lastWord(each) === first);
  return found === undefined ? [command, words] : [found, rest];
}

function findCommand(name: string, commands: readonly Command[]): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  throw unknown("command", name, [...commands.map((each) => each.name), "help"]);
}

/** An option where the command should be; the original had no commands, only options. */
function rejectOption(arg: string, commands: readonly Command[]): UsageError {
  const plain = (text: string) => text.replaceAll("-", "").toLowerCase();
  const found = arg.replace(/=.*$/s, "");
  for (const command of commands) {
    const option = command.options.find(({ name }) => plain(name) === plain(found));
    if (option === undefined) continue;
    const spelling = [`--${option.name}`, option.valueName].filter((part) => part !== null);
    return new UsageError(
      `"${found}" comes after a command: pkgstash ${command.name} ${spelling.join(" ")}`,
    );
  }
  return unknown("option", found, ["--help", "--version"]);
}
