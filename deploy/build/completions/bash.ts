import type { Command } from "../../../src/cli/command.ts";
import { allCommands } from "../all_commands.ts";
import { fileOption, firstWords, wordsAfter } from "./words.ts";

/** Completion for bash. */
export function bashCompletion(commands: readonly Command[]): string {
  const all = allCommands(commands);
  return `# Completion of pkgstash for bash, made from the program's table of commands.
_pkgstash() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
${all.map(({ name }) => `      ${quote(pathOf(name))}) command=${quote(name)} ;;`).join("\n")}
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
}
complete -F _pkgstash pkgstash
`;
}

/** What stands before the last word of a name, and that word. */
function pathOf(name: string): string {
  const words = name.split(" ");
  return `${words.slice(0, -1).join(" ")} ${words.at(-1)}`;
}

function valueCases({ name, options }: Command): string[] {
  return options.filter(({ valueName }) => valueName !== null).map((option) => {
    const wanted = fileOption(option) ? "-f" : `-W ${quote((option.choices ?? []).join(" "))}`;
    return `    ${quote(`${name} --${option.name}`)})
      mapfile -t COMPREPLY < <(compgen ${wanted} -- "$current")
      return ;;`;
  });
}

function quote(text: string): string {
  return `"${text}"`;
}
