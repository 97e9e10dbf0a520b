import { CONNECTION_OPTIONS, connectionOptions } from "../../src/cli/api_client.ts";
import type { Command, CommandOption } from "../../src/cli/command.ts";
import { BINARY_STATE_ROOT } from "../../src/config/out_of_reach.ts";

/** The options of every command that asks the daemon, as the installed program has them. */
export const INSTALLED_CONNECTION_OPTIONS: readonly CommandOption[] = connectionOptions(
  BINARY_STATE_ROOT,
);

/** All commands, each followed by its subcommands, as the installed program has them. */
export function allCommands(commands: readonly Command[]): Command[] {
  return commands.flatMap((command) => [
    { ...command, options: command.options.map(installed) },
    ...allCommands(command.subcommands ?? []),
  ]);
}

function installed(option: CommandOption): CommandOption {
  return INSTALLED_CONNECTION_OPTIONS[CONNECTION_OPTIONS.indexOf(option)] ?? option;
}
