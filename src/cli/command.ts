import type { ExitCode } from "./exit_code.ts";
import type { Output } from "./output.ts";

/** An option of a command, written `--name VALUE`, or `--name` when it has no value. */
export interface CommandOption {
  readonly name: string;
  /** What stands for the value in help, like "FILE"; null for an option without one. */
  readonly valueName: string | null;
  readonly description: string;
  /** The only values there are, if they are few. */
  readonly choices?: readonly string[];
}

/** A word after the command that is not an option. */
export interface CommandArgument {
  /** As help writes it, like "PACKAGE"; its value is found under this name. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** The only values there are, if they are few. */
  readonly choices?: readonly string[];
}

export interface CommandExample {
  readonly command: string;
  readonly description: string;
}

/**
 * The values of the options and arguments that were given, by their names; an option without a
 * value has "true".
 */
export type OptionValues = ReadonlyMap<string, string>;

/** The file of a command. */
export interface CommandModule {
  run(options: OptionValues, output: Output): Promise<ExitCode>;
}

/** All that is known of a command without loading it; help is made from it. */
export interface Command {
  /** As it is typed after the program's; that of a subcommand begins with its command's. */
  readonly name: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  /** One or more sentences. */
  readonly description: string;
  /** In the order in which they are typed; none unless given. */
  readonly arguments?: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly CommandExample[];
  /** What may be typed after the name instead of arguments; none unless given. */
  readonly subcommands?: readonly Command[];
  readonly load: () => Promise<CommandModule>;
}
