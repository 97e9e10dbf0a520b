import { parseArgs } from "@std/cli/parse-args";
import type { Command, OptionValues } from "./command.ts";
import { unknown, UsageError } from "./usage_error.ts";

/** What a command was given, or that its help was asked for. */
export type CommandArguments = { readonly help: true } | {
  readonly help: false;
  readonly options: OptionValues;
};

/**
 * Reads the arguments after the name of a command.
 *
 * @throws UsageError for an unknown or misspelt option, a missing or wrong value, or a word too many
 * or too few.
 */
export function parseCommandArguments(command: Command, args: readonly string[]): CommandArguments {
  for (const arg of args) rejectSingleDash(arg, command);
  const names = command.options.map((option) => option.name);
  const parsed = parseArgs(args, {
    boolean: ["help", ...namesOf(command, false)],
    string: [...namesOf(command, true), "_"],
    collect: names,
    alias: { help: "h" },
    unknown: (arg) => {
      if (!arg.startsWith("-")) return true;
      const known = [...names, "help"].map((name) => `--${name}`);
      throw unknown(`option of ${command.name}`, arg.replace(/=.*$/s, ""), known);
    },
  });
  if (parsed["help"] === true) return { help: true };
  const options = readPositionals(command, parsed._.map(String));
  for (const option of command.options) {
    const given = parsed[option.name] as (string | boolean)[];
    if (given.length === 0) continue;
    if (given.length > 1) throw new UsageError(`--${option.name} is given more than once.`);
    const value = String(given[0]);
    if (value === "") {
      throw new UsageError(`--${option.name} needs a value: --${option.name} ${option.valueName}`);
    }
    if (option.choices !== undefined && !option.choices.includes(value)) {
      throw unknown(`value of --${option.name}`, value, option.choices);
    }
    options.set(option.name, value);
  }
  return { help: false, options };
}

/** The words that are not options, by the names of the command's arguments. */
function readPositionals(command: Command, words: readonly string[]): Map<string, string> {
  const { name, arguments: expected = [], subcommands = [] } = command;
  const values = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const argument = expected[index];
    if (argument === undefined) {
      if (subcommands.length > 0 && index === 0) {
        throw unknown(`command of ${name}`, word, subcommands.map(lastWord));
      }
      const names = expected.map((each) => each.name).join(" ");
      throw new UsageError(
        `"${word}" is one word too many, ${name} takes ${names === "" ? "only options" : names}.`,
      );
    }
    if (argument.choices !== undefined && !argument.choices.includes(word)) {
      throw unknown(argument.name, word, argument.choices);
    }
    values.set(argument.name, word);
  }
  const missing = expected.slice(words.length).find(({ required }) => required);
  if (missing !== undefined) {
    throw new UsageError(`${name} needs a word more: pkgstash ${name} ${missing.name}`);
  }
  return values;
}

/** The word that is typed for a subcommand after its command. */
export function lastWord({ name }: Command): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}

function namesOf(command: Command, withValue: boolean): string[] {
  return command.options
    .filter((option) => (option.valueName !== null) === withValue)
    .map((option) => option.name);
}

/** `-config` and `-loglevel` were the options of the original. */
function rejectSingleDash(arg: string, command: Command): void {
  const match = /^--?([a-z][a-z-]+)(=.*)?$/is.exec(arg);
  if (match === null || (arg.startsWith("--") && match[1] !== "loglevel")) return;
  const plain = match[1]!.replaceAll("-", "").toLowerCase();
  const option = command.options.find(({ name }) => name.replaceAll("-", "") === plain);
  if (option === undefined && arg.startsWith("--")) return;
  if (option === undefined) {
    const known = [...command.options.map(({ name }) => `--${name}`), "--help"];
    throw unknown(`option of ${command.name}`, `-${match[1]}`, known);
  }
  throw new UsageError(
    `"${arg.replace(/=.*$/s, "")}" is spelt "--${option.name} ${option.valueName ?? ""}"`.trim() +
      " here.",
  );
}
