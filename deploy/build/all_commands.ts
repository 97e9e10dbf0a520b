import type { Command } from "../../src/cli/command.ts";

/** All commands, each followed by its subcommands. */
export function allCommands(commands: readonly Command[]): Command[] {
  return commands.flatMap((command) => [command, ...allCommands(command.subcommands ?? [])]);
}
