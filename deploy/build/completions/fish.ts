import type { Command, CommandOption } from "../../../src/cli/command.ts";
import { allCommands } from "../all_commands.ts";
import { fileOption } from "./words.ts";

/** Completion for fish. */
export function fishCompletion(commands: readonly Command[]): string {
  const first = commands.map(({ name }) => name);
  const none = `-n ${quote(`not __fish_seen_subcommand_from ${[...first, "help"].join(" ")}`)}`;
  return [
    "# Completion of pkgstash for fish, made from the program's table of commands.",
    "complete -c pkgstash -f",
    `complete -c pkgstash -s h -l help -d ${quote("Print help")}`,
    `complete -c pkgstash ${none} -l version -d ${quote("Print the version")}`,
    ...commands.map(({ name, summary }) => word(none, name, summary)),
    word(none, "help", "Print help"),
    ...first.map((name) => word(`-n ${quote("__fish_seen_subcommand_from help")}`, name, "")),
    ...allCommands(commands).flatMap(linesOf),
    "",
  ].join("\n");
}

function linesOf({ name, options, subcommands, arguments: given }: Command): string[] {
  const words = name.split(" ").map((each) => `__fish_seen_subcommand_from ${each}`);
  const after = `-n ${quote(words.join("; and "))}`;
  return [
    ...(subcommands ?? []).map((each) =>
      word(after, each.name.slice(name.length + 1), each.summary)
    ),
    ...(given ?? []).flatMap(({ choices }) => choices ?? []).map((each) => word(after, each, "")),
    ...options.map((option) => `complete -c pkgstash ${after} ${optionOf(option)}`),
  ];
}

function word(condition: string, name: string, summary: string): string {
  return `complete -c pkgstash ${condition} -a ${name}${
    summary === "" ? "" : ` -d ${quote(summary)}`
  }`;
}

function optionOf(option: CommandOption): string {
  const { name, valueName, description, choices } = option;
  const value = valueName === null ? "" : fileOption(option) ? " -r -F" : " -x";
  const values = choices === undefined ? "" : ` -a ${quote(choices.join(" "))}`;
  return `-l ${name}${value}${values} -d ${quote(description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
