import { COMMANDS } from "../../../src/builder/help.ts";

const NAMES = Object.keys(COMMANDS);

/** Completion of pkgstash-builder for bash. */
export function builderBashCompletion(): string {
  return `# Completion of pkgstash-builder for bash, generated from its table of commands.
_pkgstash_builder() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$previous" = --config ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W '${
    NAMES.join(" ")
  } --config --help --version' -- "$current")
  fi
}
complete -o filenames -F _pkgstash_builder pkgstash-builder
`;
}

/** Completion of pkgstash-builder for zsh. */
export function builderZshCompletion(): string {
  const commands = Object.entries(COMMANDS).map(([name, text]) => `${name}\\:"${text}"`).join(" ");
  return `#compdef pkgstash-builder
# Completion of pkgstash-builder for zsh, generated from its table of commands.
_arguments \\
  '--config[Configuration]:file:_files' \\
  '(-h --help)'{-h,--help}'[Show the help]' \\
  '--version[Show the version]' \\
  '1:command:((${commands}))'
`;
}

/** Completion of pkgstash-builder for fish. */
export function builderFishCompletion(): string {
  return [
    "# Completion of pkgstash-builder for fish, generated from its table of commands.",
    "complete -c pkgstash-builder -f",
    ...Object.entries(COMMANDS).map(([name, text]) =>
      `complete -c pkgstash-builder -n __fish_use_subcommand -a ${name} -d '${text}'`
    ),
    "complete -c pkgstash-builder -l config -r -F -d 'Configuration'",
    "complete -c pkgstash-builder -s h -l help -d 'Show the help'",
    "complete -c pkgstash-builder -l version -d 'Show the version'",
    "",
  ].join("\n");
}
