import type { Command, CommandOption } from "../../../src/cli/command.ts";
import { allCommands } from "../all_commands.ts";
import { casePattern, isAskedFor, isFileOption, takesPaths } from "./words.ts";

/** The completion for zsh. */
export function zshCompletion(commands: readonly Command[]): string {
  const all = allCommands(commands);
  return `#compdef pkgstash
# Completion of pkgstash for zsh, generated from its table of commands.

# Adds what the daemon knows.
_pkgstash_ask() {
  local -a known
  known=("\${(@f)$(command pkgstash __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a known
}
_pkgstash() {
  local command="" word
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command $word" in
${all.map((each) => `      ${quote(casePattern(each))}) command=${quote(each.name)} ;;`).join("\n")}
      ' help') command=help ;;
    esac
  done
  case "$command \${words[CURRENT-1]}" in
${all.flatMap(valueCases).join("\n")}
  esac
  case $command in
    '') choices=(${list([...commands.map(entry), "help:Print help", ...PROGRAM_OPTIONS])}) ;;
    help) choices=(${list(commands.map(entry))}) ;;
${all.map((each) => `    ${quote(each.name)}) choices=(${list(entriesAfter(each))}) ;;`).join("\n")}
  esac
  case $command in
    (${all.filter(isAskedFor).map(({ name }) => quote(name)).join("|")}) _pkgstash_ask ;;
  esac
  case $command in
    (${all.filter(takesPaths).map(({ name }) => quote(name)).join("|")}) _files ;;
  esac
  _describe pkgstash choices
}
_pkgstash "$@"
`;
}

const HELP = "--help:Print help";
const PROGRAM_OPTIONS = [HELP, "--version:Print the version"];

function entry({ name, summary }: Command): string {
  return `${name}:${summary}`;
}

function entriesAfter({ name, subcommands, arguments: given, options }: Command): string[] {
  return [
    ...(subcommands ?? []).map((each) => `${each.name.slice(name.length + 1)}:${each.summary}`),
    ...(given ?? []).flatMap(({ choices }) => choices ?? []),
    ...options.map((option) => `--${option.name}:${option.description}`),
    HELP,
  ];
}

function valueCases({ name, options }: Command): string[] {
  return options.filter(({ valueName }) => valueName !== null).map((option) =>
    `    ${quote(`${name} --${option.name}`)}) ${valuesOf(option)}; return ;;`
  );
}

function valuesOf(option: CommandOption): string {
  if (isFileOption(option)) return "_files";
  if (option.completion !== undefined) return "_pkgstash_ask";
  return option.choices === undefined ? "_message value" : `compadd ${option.choices.join(" ")}`;
}

function list(entries: readonly string[]): string {
  return entries.map(quote).join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
