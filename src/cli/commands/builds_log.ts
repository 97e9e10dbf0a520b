import { READ_BUILD_LOG, SEARCH_LOG } from "../../api/builds.ts";
import { JSON_OPTION } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, requiredArgument } from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { visible } from "../terminal_text.ts";
import { BUILD } from "./build_texts.ts";

const TAB_WIDTH = 8;
/** Matches per request. */
const FOUND_AT_ONCE = "1000";
/** Longer lines are printed in parts, to limit memory. In characters. */
const MAX_LINE_LENGTH = 64 * 1024;

export const BUILDS_LOG_COMMAND: Command = {
  name: "builds log",
  summary: "Print the log of a build",
  description: "Prints the log of a build with control characters escaped and secrets masked. " +
    "With --follow, waits for the build to start and prints its log until it ends. --search and " +
    "--errors print only the matching lines, each with its number.",
  arguments: [BUILD],
  options: [
    { name: "follow", letter: "f", valueName: null, description: "Print new output as it arrives" },
    {
      name: "attempt",
      valueName: "NUMBER",
      description: 'Attempt, as numbered by "pkgstash builds show" (default: the last one)',
    },
    {
      name: "search",
      valueName: "TEXT",
      description: "Only lines that contain this text, ignoring case",
    },
    { name: "errors", valueName: null, description: "Only lines that look like errors" },
    { ...JSON_OPTION, description: "Print one JSON object per part of the log, or per line found" },
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    { command: "pkgstash builds log -f foo", description: "Follow the build of foo" },
    {
      command: "pkgstash builds log 42 --attempt 1",
      description: "See why the first attempt failed",
    },
    { command: "pkgstash builds log foo --errors", description: "Find the first errors" },
    {
      command: 'pkgstash builds log foo --search "undefined reference"',
      description: "Find where the linker failed",
    },
  ],
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const [isSearch, isForErrors] = [options.has("search"), options.has("errors")];
  if (isSearch && isForErrors) throw new UsageError("Give --search or --errors, not both.");
  if (isSearch || isForErrors) return await search(options, output);
  const client = ApiClient.of(options);
  const lines = new LogLines((line) => output.out(line));
  const parts = client.stream(READ_BUILD_LOG, {
    build: requiredArgument(options, BUILD.name),
    attempt: options.get("attempt"),
    follow: options.has("follow") ? "true" : "false",
  });
  for await (const { text, event } of parts) {
    if (options.has(JSON_OPTION.name)) output.out(text);
    else if (event !== null) lines.push(event.text);
  }
  lines.finish();
  return EXIT_CODE.ok;
}

/** Prints the lines of a log that contain a text; without one, those that look like errors. */
async function search(options: OptionValues, output: Output): Promise<ExitCode> {
  if (options.has("follow")) {
    throw new UsageError("--follow does not work with a search. Leave it out.");
  }
  const text = options.get("search");
  if (text === "") throw new UsageError("Say what to search for: --search TEXT.");
  const client = ApiClient.of(options);
  let after = 0;
  for (;;) {
    const { matches, is_complete } = await client.call(SEARCH_LOG, {
      build: requiredArgument(options, BUILD.name),
      attempt: options.get("attempt"),
      ...(text === undefined ? {} : { q: text }),
      ...(after === 0 ? {} : { after: String(after) }),
      limit: FOUND_AT_ONCE,
    });
    for (const match of matches) {
      const isJson = options.has(JSON_OPTION.name);
      output.out(isJson ? JSON.stringify(match) : `${match.line}: ${printable(match.text)}`);
      after = match.line;
    }
    if (is_complete || matches.length === 0) break;
  }
  if (after === 0 && !options.has(JSON_OPTION.name)) {
    output.err(
      `pkgstash: No line of the log ${
        text === undefined ? "looks like an error" : `contains "${visible(text)}"`
      }.`,
    );
  }
  return EXIT_CODE.ok;
}

/** Assembles a log's parts into lines that are safe to print. */
export class LogLines {
  readonly #print: (line: string) => void;
  #rest = "";

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  push(text: string): void {
    // A progress bar ends each redraw with a carriage return.
    const lines = (this.#rest + text).split(/\r?\n|\r(?!\n|$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#print(printable(line));
    if (this.#rest.length > MAX_LINE_LENGTH) this.finish();
  }

  /** Prints the last line if it has no newline. */
  finish(): void {
    if (this.#rest !== "") this.#print(printable(this.#rest.replace(/\r$/, "")));
    this.#rest = "";
  }
}

function printable(line: string): string {
  let column = 0;
  let text = "";
  for (const part of line.split(/(\t)/)) {
    const shown = part === "\t" ? " ".repeat(TAB_WIDTH - column % TAB_WIDTH) : visible(part);
    text += shown;
    column += shown.length;
  }
  return text;
}
