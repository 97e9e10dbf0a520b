import { resolve } from "@std/path";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, requiredArgument } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { bytesText, countText } from "../quantity.ts";
import { type ExportReport, exportRepository } from "../repository_copies/export.ts";
import { visible } from "../terminal_text.ts";
import { TransferBar } from "../transfer_bar.ts";
import { REPOSITORY } from "./repo_texts.ts";

const DIRECTORY = "DIRECTORY";

export const REPO_EXPORT_COMMAND: Command = {
  name: "repo export",
  summary: "Copy a repository into a directory",
  description:
    "Copies the published packages, signatures and databases over HTTP into a directory that " +
    "any web server can serve and repo-add can extend. Runs on any machine, and fetches only " +
    "files that the directory does not have yet. Replaces files that no export wrote only with " +
    "--force.",
  arguments: [
    REPOSITORY,
    {
      name: DIRECTORY,
      description: "Target directory, created if missing",
      required: true,
      isPath: true,
    },
  ],
  options: [
    {
      name: "architecture",
      valueName: "NAME",
      description: "Architecture to export; required if the repository has several",
    },
    {
      name: "delete",
      valueName: null,
      description: "Remove files of earlier exports that are no longer published",
    },
    { name: "force", valueName: null, description: "Replace files that no export wrote" },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [{
    command: "pkgstash repo export mine /srv/http/mine",
    description: "Let another web server serve mine",
  }],
  writesFiles: true,
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const bar = new TransferBar(options.has(JSON_OPTION.name) ? undefined : output.screen);
  const report = await exportRepository(ApiClient.of(options), {
    repository: requiredArgument(options, REPOSITORY.name),
    directory: resolve(requiredArgument(options, DIRECTORY)),
    architecture: options.get("architecture") ?? null,
    force: options.has("force"),
    deletes: options.has("delete"),
  }, bar).finally(() => bar.clear());
  printAnswer(report, { options, output, render });
  return EXIT_CODE.ok;
}

function render(report: ExportReport): string {
  const { repository, generation, directory, packages, fetched, bytes_fetched, removed } = report;
  return `Exported generation ${generation} of ${visible(repository)} to ${visible(directory)}: ` +
    `${countText(packages, "package")}, ${fetched} fetched (${bytesText(bytes_fetched)})` +
    `${removed === 0 ? "" : `, ${countText(removed, "file")} removed`}.`;
}
