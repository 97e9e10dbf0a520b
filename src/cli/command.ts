import type { ExitCode } from "./errors.ts";
import type { Output } from "./output.ts";

/** What the shell completes a word to: names and ids that the daemon knows. */
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
  /** What may be typed for it after a single hyphen. */
  readonly letter?: string;
  /** The placeholder of the value in help, such as "FILE"; null for an option without a value. */
  readonly valueName: string | null;
  readonly description: string;
  /** The allowed values, if they are few. */
  readonly choices?: readonly string[];
  /** What its value is completed to; nothing by default. */
  readonly completion?: Completion | undefined;
  /** Whether it may be given several times. */
  readonly isRepeated?: boolean;
}

/** A positional argument of a command. */
export interface CommandArgument {
  /** Its placeholder in help, such as "PACKAGE", and its key among the `OptionValues`. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** Whether it is the last one, and may be given several times. */
  readonly isRepeated?: boolean;
  /** The allowed values, if they are few. */
  readonly choices?: readonly string[];
  /** What it is completed to; nothing by default. */
  readonly completion?: Completion | undefined;
  /** Whether it may be the path of a file or directory of the user. */
  readonly isPath?: boolean;
}

export interface CommandExample {
  readonly command: string;
  readonly description: string;
}

/**
 * The values of the options and arguments on the command line, by their names. An option without a
 * value has "true".
 */
export type OptionValues = ReadonlyMap<string, string>;

/** A command with everything that help, manual page and completions say about it. */
export interface Command {
  /** As typed after `pkgstash`; the name of a subcommand begins with its command's. */
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
   * Whether it is the daemon, which reads in its own places only. Other commands also read the files
   * that their user names.
   */
  readonly isDaemon?: boolean;
  /** Whether it writes files where the user says. All others renounce that before they run. */
  readonly writesFiles?: boolean;
  /** What may be typed after the name instead of arguments. */
  readonly subcommands?: readonly Command[];
  readonly run: (options: OptionValues, output: Output) => Promise<ExitCode>;
}

/** An argument in a usage line: `NAME`, `[NAME]` or `NAME...`. */
export function argumentText({ name, required, isRepeated }: CommandArgument): string {
  const text = isRepeated ? `${name}...` : name;
  return required ? text : `[${text}]`;
}

/** The word that is typed for a subcommand after its command. */
export function lastWord({ name }: Command): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}

/** The value of a required argument, which the parser has made sure of. */
export function requiredArgument(options: OptionValues, name: string): string {
  const value = options.get(name);
  if (value === undefined) throw new Error(`The command does not declare ${name} as required`);
  return value;
}

/** Separates the values of a repeated argument or option; no argument of a program can have it. */
const SEPARATOR = "\0";

/** The values of a repeated argument or option as one. */
export function joinRepeated(values: readonly string[]): string {
  return values.join(SEPARATOR);
}

/** The values of an option that may be given several times; none if it is not given. */
export function repeatedOption(options: OptionValues, { name }: CommandOption): string[] {
  return options.get(name)?.split(SEPARATOR) ?? [];
}

/** The values of a required argument that may be given several times. */
export function repeatedArgument(options: OptionValues, name: string): string[] {
  return requiredArgument(options, name).split(SEPARATOR);
}
