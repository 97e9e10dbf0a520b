import type { ExitCode } from "./errors.ts";
import type { Output } from "./output.ts";

/** What a shell completes a word to: names or ids from the daemon. */
export type Completion =
  | "cached packages"
  | "repositories"
  | "own repositories"
  | "packages of the repository"
  | "publications of the repository"
  | "pins"
  | "clients"
  | "approvals"
  | "builds"
  | "built packages"
  | "watched packages"
  | "keys"
  | "tokens"
  | "sessions";

/** An option of a command, written `--name VALUE`, or `--name` if it has no value. */
export interface CommandOption {
  readonly name: string;
  /** Its short form, after a single hyphen. */
  readonly letter?: string;
  /** The placeholder of the value in help, such as "FILE"; null for an option without a value. */
  readonly valueName: string | null;
  readonly description: string;
  /** The allowed values, if they are few. */
  readonly choices?: readonly string[];
  /** What the shell completes its value to; nothing by default. */
  readonly completion?: Completion | undefined;
  /** Whether it may be given several times. */
  readonly isRepeated?: boolean;
}

/** A positional argument of a command. */
export interface CommandArgument {
  /** Its placeholder in help, such as "PACKAGE", and its key in `OptionValues`. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** Whether it may be given several times; only for the last argument. */
  readonly isRepeated?: boolean;
  /** The allowed values, if they are few. */
  readonly choices?: readonly string[];
  /** What the shell completes it to; nothing by default. */
  readonly completion?: Completion | undefined;
  /** Whether it may be a path of the user's, to complete. */
  readonly isPath?: boolean;
}

export interface CommandExample {
  readonly command: string;
  readonly description: string;
}

/** The options and arguments of a command line, by name. An option without a value is "true". */
export type OptionValues = ReadonlyMap<string, string>;

/** A command, with its texts for help, manual page and completions. */
export interface Command {
  /** As typed after `pkgstash`; a subcommand's name includes its command's. */
  readonly name: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  /** One or more sentences. */
  readonly description: string;
  /** In the order in which they are typed. */
  readonly arguments?: readonly CommandArgument[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly CommandExample[];
  /**
   * Whether it is the daemon, which gives up reading outside its own directories. Other commands
   * also read files that their user names.
   */
  readonly isDaemon?: boolean;
  /**
   * Whether it writes files where the user says. All others give up that permission before they
   * run.
   */
  readonly writesFiles?: boolean;
  /** Commands that may follow the name instead of arguments. */
  readonly subcommands?: readonly Command[];
  readonly run: (options: OptionValues, output: Output) => Promise<ExitCode>;
}

/** An argument in a usage line: `NAME`, `[NAME]` or `NAME...`. */
export function argumentText({ name, required, isRepeated }: CommandArgument): string {
  const text = isRepeated ? `${name}...` : name;
  return required ? text : `[${text}]`;
}

/** The last word of a subcommand's name. */
export function lastWord({ name }: Command): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}

/** The value of a required argument. The parser has checked that it is there. */
export function requiredArgument(options: OptionValues, name: string): string {
  const value = options.get(name);
  if (value === undefined) throw new Error(`The command does not declare ${name} as required`);
  return value;
}

/** Separates repeated values; no argument of a process can contain it. */
const SEPARATOR = "\0";

/** Joins the values of a repeated argument or option. */
export function joinRepeated(values: readonly string[]): string {
  return values.join(SEPARATOR);
}

/** The values of a repeatable option; empty if it is not given. */
export function repeatedOption(options: OptionValues, { name }: CommandOption): string[] {
  return options.get(name)?.split(SEPARATOR) ?? [];
}

/** The values of a required, repeatable argument. */
export function repeatedArgument(options: OptionValues, name: string): string[] {
  return requiredArgument(options, name).split(SEPARATOR);
}
