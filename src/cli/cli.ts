import { PkgstashError } from "../errors.ts";
import { renounceReading, renounceWriting } from "../platform/permissions.ts";
import { versionLine } from "../version.ts";
import { parseCommandArguments } from "./arguments.ts";
import { type Command, lastWord } from "./command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode, unknown, UsageError } from "./errors.ts";
import { renderCommandHelp, renderProgramHelp } from "./help.ts";
import { type Output, terminal } from "./output.ts";

/**
 * Runs a command line and returns its exit code. Expected errors are printed; anything else is a
 * bug and is thrown. `commands` defaults to those of the program.
 */
export async function runCli(
  args: readonly string[],
  output: Output = terminal,
  commands?: readonly Command[],
): Promise<ExitCode> {
  try {
    return await dispatch(args, output, commands);
  } catch (error) {
    if (error instanceof UsageError) {
      const help = error.command === null ? "--help" : `help ${error.command}`;
      output.err(`pkgstash: ${error.message}\nTry "pkgstash ${help}" for more information.`);
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
  given: readonly Command[] | undefined,
): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === "--version") {
    output.out(versionLine());
    return EXIT_CODE.ok;
  }
  const commands = given ?? await loadCommands(first);
  if (first === COMPLETE) {
    const { candidates } = await import("./completion.ts");
    await renounceWriting();
    for (const each of await candidates(rest, commands)) output.out(each);
    return EXIT_CODE.ok;
  }
  switch (first) {
    case undefined:
      output.err(renderProgramHelp(commands));
      return EXIT_CODE.usage;
    case "--help":
    case "-h":
      output.out(renderProgramHelp(commands));
      return EXIT_CODE.ok;
    case "help":
      output.out(helpOn(rest, commands));
      return EXIT_CODE.ok;
  }
  if (first.startsWith("-")) throw rejectOption(first, commands);
  const [command, words] = withSubcommand(findCommand(first, commands), rest);
  try {
    return await runCommand(command, words, output);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, command.name) : error;
  }
}

async function runCommand(
  command: Command,
  words: readonly string[],
  output: Output,
): Promise<ExitCode> {
  const parsed = parseCommandArguments(command, words);
  if (parsed.help) {
    output.out(renderCommandHelp(command));
    return EXIT_CODE.ok;
  }
  if (command.isDaemon) await renounceReading();
  if (!command.writesFiles) await renounceWriting();
  return await command.run(parsed.options, output);
}

/** The hidden command of shell completions; see `completion.ts`, which only this loads. */
const COMPLETE = "__complete";

/** Loads the commands among which `first` is looked up. */
async function loadCommands(first: string | undefined): Promise<readonly Command[]> {
  // The daemon starts faster without the other commands, which load the API's schemas.
  if (first === "serve") return [(await import("./commands/serve.ts")).SERVE_COMMAND];
  return (await import("./command_table.ts")).COMMANDS;
}

function helpOn(args: readonly string[], commands: readonly Command[]): string {
  const [name, ...rest] = args;
  const isGeneral = name === undefined || name === "--help" || name === "-h" || name === "help";
  const [command, [extra]] = isGeneral
    ? [null, rest]
    : withSubcommand(findCommand(name, commands), rest);
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}". Usage: pkgstash help [COMMAND]`);
  }
  return command === null ? renderProgramHelp(commands) : renderCommandHelp(command);
}

/** The subcommand if the first word names one, else the command, with the remaining words. */
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

/** The error for an option in place of a command: the Go version had only options. */
function rejectOption(arg: string, commands: readonly Command[]): UsageError {
  const plain = (text: string) => text.replaceAll("-", "").toLowerCase();
  const found = arg.replace(/=.*$/s, "");
  for (const command of commands) {
    const option = command.options.find(({ name }) => plain(name) === plain(found));
    if (option === undefined) continue;
    const spelling = [`--${option.name}`, option.valueName].filter((part) => part !== null);
    return new UsageError(
      `The option "${found}" belongs after a command: pkgstash ${command.name} ${
        spelling.join(" ")
      }`,
    );
  }
  return unknown("option", found, ["--help", "--version"]);
}
