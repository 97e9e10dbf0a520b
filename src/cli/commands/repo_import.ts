import { SHOW_REPOSITORY } from "../../api/repositories.ts";
import { MAX_LIMIT } from "../../api/paging.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, requiredArgument } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { importedPackages, sendPackages } from "../repository_copies/import.ts";
import { importSourceOf } from "../repository_copies/import_source.ts";
import { publishUpload } from "../repository_upload.ts";
import type { Paints } from "../terminal_text.ts";
import { TransferBar } from "../transfer_bar.ts";
import { CONSENT_OPTIONS, consentOf, publicationText, REPOSITORY } from "./repo_texts.ts";

const SOURCE = "SOURCE";

export const REPO_IMPORT_COMMAND: Command = {
  name: "repo import",
  summary: "Import a repository made by repo-add",
  description:
    "Reads a database made by repo-add, from a directory or over HTTP, and uploads the packages " +
    "that it lists, with their signatures. Publishes them together, or none if one is missing, " +
    "differs from the database, or is refused. This program fetches the files, not the daemon, " +
    "and skips packages that the repository already has.",
  arguments: [
    REPOSITORY,
    {
      name: SOURCE,
      description: "A directory, or an http:// or https:// URL",
      required: true,
      isPath: true,
    },
  ],
  options: [
    {
      name: "database",
      valueName: "NAME",
      description: "Name of the database (default: the only one, else the repository's name)",
    },
    ...CONSENT_OPTIONS,
    {
      name: "ignore-signatures",
      valueName: null,
      description: "Ignore signatures and let the server sign",
    },
    JSON_OPTION,
    ...CONNECTION_OPTIONS,
  ],
  examples: [
    {
      command: "pkgstash repo import mine /srv/http/mine",
      description: "From a directory",
    },
    {
      command: "pkgstash repo import mine https://example.org/repo --database custom",
      description: "From a web server",
    },
  ],
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const source = importSourceOf(requiredArgument(options, SOURCE));
  const client = ApiClient.of(options);
  const known = await digestsIn(client, repository);
  const listed = await importedPackages(source, options.get("database") ?? repository);
  const packages = listed.filter(({ sha256 }) => !known.has(sha256));
  if (source.isExposed && packages.some(({ signature }) => signature === null)) {
    output.err(
      "Warning: over plain HTTP, anyone on the path can tamper with the files. Packages without " +
        "a signature are accepted as received.",
    );
  }
  const bar = new TransferBar(options.has(JSON_OPTION.name) ? undefined : output.screen);
  const withSignatures = !options.has("ignore-signatures");
  const publication = packages.length === 0
    ? { generation: null, warnings: [], waiting: 0 }
    : await publishUpload(client, {
      repository,
      consent: consentOf(options),
      send: (upload) =>
        sendPackages(packages, { source, client, repository, upload, withSignatures, bar })
          .finally(() => bar.clear()),
    });
  printAnswer(publication, {
    options,
    output,
    render: (answer, paints: Paints) => publicationText(repository, answer, paints),
  });
  return EXIT_CODE.ok;
}

/** The SHA-256 of all published packages. */
async function digestsIn(client: ApiClient, repository: string): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  for (let after: string | null = ""; after !== null;) {
    const page: { packages: { sha256: string }[]; next: string | null } = await client.call(
      SHOW_REPOSITORY,
      { repository, limit: String(MAX_LIMIT), after },
    );
    for (const { sha256 } of page.packages) digests.add(sha256);
    after = page.next;
  }
  return digests;
}
