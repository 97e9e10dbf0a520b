import type { Command, CommandOption } from "../../../src/cli/command.ts";

/** The words that may follow the program's name. */
export function firstWords(commands: readonly Command[]): string[] {
  return [...commands.map(({ name }) => name), "help", "--help", "--version"];
}

/** The words that may follow a command. */
export function wordsAfter({ name, subcommands, arguments: given, options }: Command): string[] {
  return [
    ...(subcommands ?? []).map((each) => each.name.slice(name.length + 1)),
    ...(given ?? []).flatMap(({ choices }) => choices ?? []),
    ...options.map((option) => `--${option.name}`),
    "--help",
  ];
}

/**
 * What the shell's `case` matches when the last word of a command is typed: the command so far and
 * that word, so that a first word begins with a space.
 */
export function casePattern({ name }: Command): string {
  return name.includes(" ") ? name : ` ${name}`;
}

/** Whether the daemon knows what an argument of a command may be. */
export function isAskedFor({ arguments: given }: Command): boolean {
  return given?.some(({ completion }) => completion !== undefined) ?? false;
}

/** Whether an argument of a command may be a path, which the shell itself completes. */
export function takesPaths({ arguments: given }: Command): boolean {
  return given?.some(({ isPath }) => isPath) ?? false;
}

/** Whether the value of an option is a file. */
export function isFileOption({ valueName }: CommandOption): boolean {
  return valueName === "FILE";
}
