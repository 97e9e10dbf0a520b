import type { Command, CommandOption } from "../../../src/cli/command.ts";
import { allCommands } from "../all_commands.ts";
import { isAskedFor, isFileOption, takesPaths } from "./words.ts";

/** The completion for fish. */
export function fishCompletion(commands: readonly Command[]): string {
  const firstWords = commands.map(({ name }) => name);
  const noCommand = `-n ${
    quote(`not __fish_seen_subcommand_from ${[...firstWords, "help"].join(" ")}`)
  }`;
  return [
    "# Completion of pkgstash for fish, generated from its table of commands.",
    "complete -c pkgstash -f",
    `complete -c pkgstash -s h -l help -d ${quote("Print help")}`,
    `complete -c pkgstash ${noCommand} -l version -d ${quote("Print the version")}`,
    ...commands.map(({ name, summary }) => word(noCommand, name, summary)),
    word(noCommand, "help", "Print help"),
    ...firstWords.map((name) => word(`-n ${quote("__fish_seen_subcommand_from help")}`, name, "")),
    ...allCommands(commands).flatMap(linesOf),
    "",
  ].join("\n");
}

/** Adds what the daemon knows. */
const ASK = "(command pkgstash __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)";

function linesOf(command: Command): string[] {
  const { name, options, subcommands, arguments: given } = command;
  const words = name.split(" ").map((each) => `__fish_seen_subcommand_from ${each}`);
  const afterCommand = `-n ${quote(words.join("; and "))}`;
  const next = (subcommands ?? []).map((each) => each.name.slice(name.length + 1));
  // A subcommand stands right after its command, once.
  const noneYet = `-n ${
    quote([...words, `not __fish_seen_subcommand_from ${next.join(" ")}`].join("; and "))
  }`;
  return [
    ...(subcommands ?? []).map((each) =>
      word(noneYet, each.name.slice(name.length + 1), each.summary)
    ),
    ...(given ?? []).flatMap(({ choices }) => choices ?? []).map((each) =>
      word(afterCommand, each, "")
    ),
    ...(isAskedFor(command) ? [`complete -c pkgstash ${afterCommand} -a ${quote(ASK)}`] : []),
    ...(takesPaths(command) ? [`complete -c pkgstash ${afterCommand} -F`] : []),
    ...options.map((option) => `complete -c pkgstash ${afterCommand} ${optionOf(option)}`),
  ];
}

function word(condition: string, name: string, summary: string): string {
  return `complete -c pkgstash ${condition} -a ${name}${
    summary === "" ? "" : ` -d ${quote(summary)}`
  }`;
}

function optionOf(option: CommandOption): string {
  const { name, valueName, description, choices, completion } = option;
  const value = valueName === null ? "" : isFileOption(option) ? " -r -F" : " -x";
  if (completion !== undefined) return `-l ${name} -x -a ${quote(ASK)} -d ${quote(description)}`;
  const values = choices === undefined ? "" : ` -a ${quote(choices.join(" "))}`;
  return `-l ${name}${value}${values} -d ${quote(description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
