import type { Command } from "../../../src/cli/command.ts";
import { allCommands } from "../all_commands.ts";
import {
  casePattern,
  firstWords,
  isAskedFor,
  isFileOption,
  takesPaths,
  wordsAfter,
} from "./words.ts";

/** The completion for bash. */
export function bashCompletion(commands: readonly Command[]): string {
  const all = allCommands(commands);
  return `# Completion of pkgstash for bash, generated from its table of commands.

# Adds what the daemon knows. bash breaks words at colons, so those that have some are left out.
_pkgstash_ask() {
  local each
  while IFS= read -r each; do
    [[ $each == *:* ]] || COMPREPLY+=("$each")
  done < <(command pkgstash __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

# Adds files and directories; readline quotes them and appends slashes.
_pkgstash_paths() {
  local -a paths
  mapfile -t paths < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  COMPREPLY+=("\${paths[@]}")
  compopt -o filenames 2>/dev/null
}

_pkgstash() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
${all.map((each) => `      ${quote(casePattern(each))}) command=${quote(each.name)} ;;`).join("\n")}
      " help") command=help ;;
    esac
  done
  case "$command $previous" in
${all.flatMap(valueCases).join("\n")}
  esac
  case $command in
    "") words=${quote(firstWords(commands).join(" "))} ;;
    help) words=${quote(commands.map(({ name }) => name).join(" "))} ;;
${
    all.map((each) => `    ${quote(each.name)}) words=${quote(wordsAfter(each).join(" "))} ;;`)
      .join("\n")
  }
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  case $command in
    ${all.filter(isAskedFor).map(({ name }) => quote(name)).join(" | ")}) _pkgstash_ask ;;
  esac
  case $command in
    ${all.filter(takesPaths).map(({ name }) => quote(name)).join(" | ")}) _pkgstash_paths ;;
  esac
}
complete -F _pkgstash pkgstash
`;
}

function valueCases({ name, options }: Command): string[] {
  return options.filter(({ valueName }) => valueName !== null).map((option) => {
    if (option.completion !== undefined) {
      return `    ${quote(`${name} --${option.name}`)})
      COMPREPLY=()
      _pkgstash_ask
      return ;;`;
    }
    const candidates = isFileOption(option)
      ? "-f"
      : `-W ${quote((option.choices ?? []).join(" "))}`;
    return `    ${quote(`${name} --${option.name}`)})
      mapfile -t COMPREPLY < <(compgen ${candidates} -- "$current")
      return ;;`;
  });
}

function quote(text: string): string {
  return `"${text}"`;
}
