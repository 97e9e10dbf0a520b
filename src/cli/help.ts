import {
  argumentText,
  type Command,
  type CommandArgument,
  type CommandOption,
  lastWord,
} from "./command.ts";
import { EXIT_CODE_MEANINGS } from "./errors.ts";

const HELP_OPTION: CommandOption = {
  name: "help",
  valueName: null,
  description: "Print this help",
};

const WIDTH_IN_CHARACTERS = 80;

/** The help of the whole program. */
export function renderProgramHelp(commands: readonly Command[]): string {
  return [
    "pkgstash: a caching mirror for pacman",
    "",
    "Usage:",
    "  pkgstash COMMAND [OPTION]...",
    "",
    "Commands:",
    ...columns([
      ...commands.map(({ name, summary }): [string, string] => [name, summary]),
      ["help [COMMAND]", "Print the help of a command"],
    ]),
    "",
    "Options:",
    ...columns([["-h, --help", "Print this help"], ["    --version", "Print the version"]]),
    "",
    "Examples:",
    ...commands.slice(0, 4).flatMap(({ examples }) => examples.slice(0, 1)).flatMap(renderExample),
    "",
    "Exit codes:",
    ...columns(EXIT_CODE_MEANINGS.map(([code, meaning]) => [String(code), meaning])),
    "",
    'See "pkgstash help COMMAND" for the options of a command.',
  ].join("\n");
}

/** The help of one command. */
export function renderCommandHelp(command: Command): string {
  const { arguments: positionals = [], subcommands = [] } = command;
  return [
    `pkgstash ${command.name}: ${command.summary}`,
    "",
    "Usage:",
    ...[command, ...subcommands].flatMap(renderUsage),
    "",
    ...wrap(command.description, WIDTH_IN_CHARACTERS),
    "",
    ...(subcommands.length === 0 ? [] : [
      "Commands:",
      ...columns(subcommands.map((each) => [lastWord(each), each.summary])),
      "",
    ]),
    ...(positionals.length === 0
      ? []
      : ["Arguments:", ...columns(positionals.map(renderArgument)), ""]),
    "Options:",
    ...columns([...command.options, HELP_OPTION].map(renderOption)),
    "",
    "Examples:",
    ...command.examples.flatMap(renderExample),
  ].join("\n");
}

/** The usage of a command on one line. */
export function usageOf(command: Command): string {
  return ["pkgstash", command.name, ...syntaxOf(command)].join(" ");
}

function syntaxOf({ arguments: positionals = [], options }: Command): string[] {
  return [
    ...positionals.map(argumentText),
    ...options.map((option) => `[${spelling(option)}]`),
  ];
}

/** The usage of a command, wrapped between its arguments and options. */
function renderUsage(command: Command): string[] {
  const lines: string[] = [];
  let line = `  pkgstash ${command.name}`;
  for (const part of syntaxOf(command)) {
    const longer = `${line} ${part}`;
    if (longer.length <= WIDTH_IN_CHARACTERS) {
      line = longer;
    } else {
      lines.push(line);
      line = `      ${part}`;
    }
  }
  return [...lines, line];
}

/** An option as it is typed. */
function spelling({ name, valueName }: CommandOption): string {
  return valueName === null ? `--${name}` : `--${name} ${valueName}`;
}

function renderOption(option: CommandOption): [string, string] {
  const values = option.choices === undefined ? "" : `: ${option.choices.join(", ")}`;
  const { letter = option === HELP_OPTION ? "h" : undefined } = option;
  const short = letter === undefined ? "    " : `-${letter}, `;
  return [short + spelling(option), option.description + values];
}

function renderArgument({ name, description, choices }: CommandArgument): [string, string] {
  return [name, description + (choices === undefined ? "" : `: ${choices.join(", ")}`)];
}

function renderExample({ command, description }: Command["examples"][number]): string[] {
  return [`  # ${description}`, `  ${command}`];
}

function columns(rows: readonly [string, string][]): string[] {
  const left = Math.max(...rows.map(([term]) => term.length)) + 2;
  return rows.flatMap(([term, text]) =>
    wrap(text, WIDTH_IN_CHARACTERS - left - 2).map((line, index) =>
      `  ${(index === 0 ? term : "").padEnd(left)}${line}`
    )
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || longer.length <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
