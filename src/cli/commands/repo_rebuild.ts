import { REBUILD_REPOSITORY, type RebuildEvent } from "../../api/rebuild.ts";
import { JSON_OPTION } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, requiredArgument } from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { bytesText, countText } from "../quantity.ts";
import { TransferBar } from "../transfer_bar.ts";
import { visible } from "../terminal_text.ts";
import { REPOSITORY } from "./repo_texts.ts";

const FORCE = "force";

export const REPO_REBUILD_COMMAND: Command = {
  name: "repo rebuild",
  summary: "Republish a repository from its package files",
  description:
    "Reads every package, reports those that differ from their records, and publishes databases " +
    "built only from the package files. Rewrites the records, and replaces missing or wrong " +
    "signatures with the server's. Stops before publishing anything if a package is missing or " +
    "damaged. With --json, prints one JSON object per line.",
  arguments: [REPOSITORY],
  options: [
    { name: FORCE, valueName: null, description: "Leave out lost packages" },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [{
    command: "pkgstash repo rebuild mine",
    description: "Rebuild all databases of mine",
  }],
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const repository = requiredArgument(options, REPOSITORY.name);
  const isJson = options.has(JSON_OPTION.name);
  const bar = new TransferBar(isJson ? undefined : output.screen);
  let last: RebuildEvent | null = null;
  const body = { force: options.has(FORCE) };
  for await (const { text, event } of client.stream(REBUILD_REPOSITORY, { repository, body })) {
    if (isJson) output.out(text);
    if (event === null) continue;
    last = event;
    if (event.event === "plan") bar.begin(event.bytes);
    if (event.event === "progress") bar.show(event.bytes, countText(event.packages, "package"));
    if (isJson || event.event !== "difference") continue;
    bar.clear();
    output.out(visible(`${event.file}: ${event.reason} (${OUTCOMES[event.outcome]})`));
  }
  bar.clear();
  if (last?.event === "failed") {
    throw new AdministrationError(EXIT_CODE.failure, visible(last.reason));
  }
  if (last?.event !== "done") {
    throw new AdministrationError(
      EXIT_CODE.unreachable,
      "Cannot follow the rebuild: the response ended too early. See the daemon's log.",
    );
  }
  if (isJson) return EXIT_CODE.ok;
  const { packages, bytes, differences, generation } = last;
  output.out(
    `${countText(packages, "package")} read, ${bytesText(bytes)}: ` +
      `${differences === 0 ? "no differences" : countText(differences, "difference")}.`,
  );
  if (generation !== null) {
    output.out(`Published generation ${generation.number} of ${visible(repository)}.`);
  }
  return EXIT_CODE.ok;
}

const OUTCOMES = {
  described: "record rewritten",
  signed: "re-signed",
  lost: "lost",
} as const;
