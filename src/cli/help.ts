import {
  argumentText,
  type Command,
  type CommandArgument,
  type CommandOption,
  lastWord,
} from "./command.ts";
import { columns, HELP_WIDTH, wrap } from "../formats/text/columns.ts";
import { EXIT_CODE_MEANINGS } from "./errors.ts";

const HELP_OPTION: CommandOption = {
  name: "help",
  valueName: null,
  description: "Print this help",
};

/** Renders the help of the program. */
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
    ...inClone('"deno task pkgstash COMMAND", or "deno task start" for "pkgstash serve"'),
  ].join("\n");
}

/** Renders the help of a command. */
export function renderCommandHelp(command: Command): string {
  const { arguments: positionals = [], subcommands = [] } = command;
  return [
    `pkgstash ${command.name}: ${command.summary}`,
    "",
    "Usage:",
    ...[command, ...subcommands].flatMap(renderUsage),
    "",
    ...wrap(command.description, HELP_WIDTH),
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
    ...inClone(
      command.isDaemon
        ? '"deno task start", which adds --make-token'
        : `"deno task pkgstash ${command.name}"`,
    ),
  ].join("\n");
}

/** What to type where nothing is installed. The tasks of Deno run in the clone's directory. */
function inClone(instead: string): string[] {
  if (Deno.build.standalone) return [];
  const text = `In a clone, type ${instead}. Relative paths start at the clone.`;
  return ["", ...wrap(text, HELP_WIDTH)];
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
    if (longer.length <= HELP_WIDTH) {
      line = longer;
    } else {
      lines.push(line);
      line = `      ${part}`;
    }
  }
  return [...lines, line];
}

function spelling({ name, valueName }: CommandOption): string {
  return valueName === null ? `--${name}` : `--${name} ${valueName}`;
}

/** What an option or argument means, and which values it may have. */
export function meaningOf(
  { description, choices }: Pick<CommandOption, "description" | "choices">,
): string {
  if (choices === undefined) return description;
  const [text = "", ...fallback] = description.split(/(?= \(default: )/);
  return `${text}: ${choices.join(", ")}${fallback.join("")}`;
}

function renderOption(option: CommandOption): [string, string] {
  const { letter = option === HELP_OPTION ? "h" : undefined } = option;
  const short = letter === undefined ? "    " : `-${letter}, `;
  return [short + spelling(option), meaningOf(option)];
}

function renderArgument(argument: CommandArgument): [string, string] {
  return [argument.name, meaningOf(argument)];
}

function renderExample({ command, description }: Command["examples"][number]): string[] {
  return [`  # ${description}`, `  ${command}`];
}
