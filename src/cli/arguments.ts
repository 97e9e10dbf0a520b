import { parseArgs } from "@std/cli/parse-args";
import {
  argumentText,
  type Command,
  type CommandArgument,
  type CommandOption,
  joinRepeated,
  lastWord,
  type OptionValues,
} from "./command.ts";
import { unknown, UsageError } from "./errors.ts";

/** The options and arguments of a command, or a request for its help. */
export type CommandArguments = { readonly help: true } | {
  readonly help: false;
  readonly options: OptionValues;
};

/**
 * Parses the words after the name of a command.
 *
 * @throws UsageError for an unknown option, a missing or invalid value, or a wrong number of
 * arguments.
 */
export function parseCommandArguments(command: Command, args: readonly string[]): CommandArguments {
  for (const arg of args) rejectGoSpelling(arg, command);
  const names = command.options.map((option) => option.name);
  const letters = Object.fromEntries(
    command.options.flatMap(({ name, letter }) => letter === undefined ? [] : [[name, letter]]),
  );
  const parsed = parseArgs(args, {
    boolean: ["help", ...namesOf(command, false)],
    string: [...namesOf(command, true), "_"],
    collect: names,
    alias: { help: "h", ...letters },
    unknown: (arg) => {
      // A lone hyphen means standard input.
      if (arg === "-" || !arg.startsWith("-")) return true;
      const known = [...names, "help"].map((name) => `--${name}`);
      throw unknown("option", arg.replace(/=.*$/s, ""), known, command.name);
    },
  });
  if (parsed["help"] === true) return { help: true };
  const options = readPositionals(command, parsed._.map(String));
  for (const option of command.options) {
    const [given, ...others] = parsed[option.name] as (string | boolean)[];
    if (given === undefined) continue;
    if (others.length > 0 && !option.isRepeated) {
      throw new UsageError(`--${option.name} may be given only once.`);
    }
    const values = [given, ...others].map(String);
    for (const value of values) checkValue(option, value);
    options.set(option.name, joinRepeated(values));
  }
  return { help: false, options };
}

function checkValue({ name, valueName, choices }: CommandOption, value: string): void {
  if (value === "") throw new UsageError(`Missing value. Usage: --${name} ${valueName}`);
  if (choices !== undefined && !choices.includes(value)) {
    throw unknown("value", value, choices, `--${name}`);
  }
}

/** The positional arguments by name. */
function readPositionals(command: Command, words: readonly string[]): Map<string, string> {
  const { name, arguments: expected = [], subcommands = [] } = command;
  const values = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const argument = expected[index];
    if (argument === undefined) {
      if (subcommands.length > 0 && index === 0) {
        throw unknown("command", word, subcommands.map(lastWord), name);
      }
      throw new UsageError(`Unexpected argument "${word}". Usage: ${usage(name, expected)}`);
    }
    if (argument.choices !== undefined && !argument.choices.includes(word)) {
      throw unknown(argument.name, word, argument.choices);
    }
    if (argument.isRepeated) {
      values.set(argument.name, joinRepeated(words.slice(index)));
      break;
    }
    values.set(argument.name, word);
  }
  const missing = expected.slice(words.length).find(({ required }) => required);
  if (missing !== undefined) {
    throw new UsageError(
      `Missing argument ${missing.name}. Usage: ${usage(name, expected)}`,
    );
  }
  return values;
}

function usage(name: string, expected: readonly CommandArgument[]): string {
  return ["pkgstash", name, ...expected.map(argumentText)].join(" ");
}

function namesOf(command: Command, withValue: boolean): string[] {
  return command.options
    .filter((option) => (option.valueName !== null) === withValue)
    .map((option) => option.name);
}

/** Explains how options of the Go version, such as `-config` and `-loglevel`, are spelled here. */
function rejectGoSpelling(arg: string, command: Command): void {
  const [, name] = /^--?([a-z][a-z-]+)(?:=.*)?$/is.exec(arg) ?? [];
  if (name === undefined || (arg.startsWith("--") && name !== "loglevel")) return;
  const plain = name.replaceAll("-", "").toLowerCase();
  const option = command.options.find(({ name }) => name.replaceAll("-", "") === plain);
  if (option === undefined && arg.startsWith("--")) return;
  if (option === undefined) {
    const known = [...command.options.map(({ name }) => `--${name}`), "--help"];
    throw unknown("option", `-${name}`, known, command.name);
  }
  throw new UsageError(
    `"${arg.replace(/=.*$/s, "")}" is spelled "--${option.name} ${option.valueName ?? ""}"`.trim() +
      " here.",
  );
}
