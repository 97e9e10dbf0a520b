import type { Command, CommandOption } from "../../../src/cli/command.ts";

/** What may come first. */
export function firstWords(commands: readonly Command[]): string[] {
  return [...commands.map(({ name }) => name), "help", "--help", "--version"];
}

/** What may come after a command. */
export function wordsAfter({ name, subcommands, arguments: given, options }: Command): string[] {
  return [
    ...(subcommands ?? []).map((each) => each.name.slice(name.length + 1)),
    ...(given ?? []).flatMap(({ choices }) => choices ?? []),
    ...options.map((option) => `--${option.name}`),
    "--help",
  ];
}

/** Whether an option's value is a file. */
export function fileOption({ valueName }: CommandOption): boolean {
  return valueName === "FILE";
}
