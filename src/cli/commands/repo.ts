import {
  CREATE_REPOSITORY,
  PROMOTE_PACKAGES,
  REMOVE_PACKAGES,
  VERIFY_REPOSITORY,
} from "../../api/repositories.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandArgument,
  type CommandOption,
  type OptionValues,
  repeatedArgument,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { bytesText, countText } from "../quantity.ts";
import { visible } from "../terminal_text.ts";
import { REPO_DISCARD_COMMAND, REPO_SIGN_COMMAND } from "./repo_sign.ts";
import { REPO_ADD_COMMAND } from "./repo_add.ts";
import { REPO_EXPORT_COMMAND } from "./repo_export.ts";
import { REPO_IMPORT_COMMAND } from "./repo_import.ts";
import { REPO_HISTORY_COMMANDS } from "./repo_history.ts";
import { REPO_REBUILD_COMMAND } from "./repo_rebuild.ts";
import { LIST_REPOSITORIES_COMMAND, REPO_SHOW_COMMAND } from "./repo_show.ts";
import { CONSENT_OPTIONS, consentOf, publicationText, REPOSITORY } from "./repo_texts.ts";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];
const PACKAGE = "PACKAGE";

const NAMES: CommandArgument = {
  name: PACKAGE,
  description: "Names of packages",
  required: true,
  completion: "packages of the repository",
  isRepeated: true,
};
const TARGET: CommandArgument = {
  name: "TO",
  description: "Name of the other repository",
  required: true,
  completion: "own repositories",
};

const option = (
  name: string,
  valueName: string | null,
  description: string,
): CommandOption => ({ name, valueName, description });

export const REPO_COMMAND: Command = {
  ...LIST_REPOSITORIES_COMMAND,
  name: "repo",
  subcommands: [
    { ...LIST_REPOSITORIES_COMMAND, name: "repo list", summary: "List the repositories" },
    {
      name: "repo create",
      summary: "Create a repository",
      description:
        "Creates an empty repository, which is served at once, and prints the equivalent " +
        "configuration table, which is optional. The server creates a signing key if it has " +
        "none.",
      arguments: [{
        ...REPOSITORY,
        completion: undefined,
        description: "Name of the repository, the value of $repo",
      }],
      options: [
        option("architectures", "LIST", "Comma-separated architectures (default: x86_64)"),
        option("client-path", "PATH", "Path on the server (default: $repo/os/$arch)"),
        {
          ...option(
            "signing",
            "POLICY",
            "Whether the server signs, you do, or nobody (default: required)",
          ),
          choices: ["required", "external", "none"],
        },
        option("keep-versions", "NUMBER", "Older versions of each package to keep (default: 3)"),
        option("keep-generations", "NUMBER", "Publications to keep for rollbacks (default: 20)"),
        option("keep-days", "NUMBER", "Days for which all publications are kept (default: 0)"),
        option(
          "upload-tokens",
          "LIST",
          "Comma-separated names of the upload tokens that may publish (default: all)",
        ),
        ...OPTIONS,
      ],
      examples: [{
        command: "pkgstash repo create mine",
        description: 'Create the repository "mine"',
      }],
      run: create,
    },
    REPO_ADD_COMMAND,
    REPO_SIGN_COMMAND,
    REPO_DISCARD_COMMAND,
    REPO_SHOW_COMMAND,
    {
      name: "repo remove",
      summary: "Remove packages from a repository",
      description: "Removes the given packages, all or none. Their files stay as long as a kept " +
        "publication contains them, so that you can roll back to it. Their debug packages leave " +
        "REPOSITORY-debug with the last package of the same build.",
      arguments: [
        REPOSITORY,
        NAMES,
      ],
      options: [
        option(
          "force",
          null,
          "Remove them even if other packages of the repository depend on them",
        ),
        ...OPTIONS,
      ],
      examples: [{ command: "pkgstash repo remove mine foo", description: "Remove foo from mine" }],
      run: remove,
    },
    {
      name: "repo promote",
      summary: "Publish packages in another repository as well",
      description:
        "Also publishes packages of one repository in another, for example from testing to " +
        "stable, without copying them. Debug packages of the same build go from REPOSITORY-debug " +
        "to TO-debug.",
      arguments: [REPOSITORY, TARGET, NAMES],
      options: [...CONSENT_OPTIONS, ...OPTIONS],
      examples: [{
        command: "pkgstash repo promote testing mine foo",
        description: "Publish foo of testing in mine as well",
      }],
      run: (options, output) => promote(options, output, false),
    },
    {
      name: "repo move",
      summary: "Move packages to another repository",
      description:
        'Like "pkgstash repo promote", but also removes the packages from the source repository.',
      arguments: [REPOSITORY, TARGET, NAMES],
      options: [
        option("force", null, "Move them even if other packages of the repository depend on them"),
        ...CONSENT_OPTIONS,
        ...OPTIONS,
      ],
      examples: [{
        command: "pkgstash repo move testing mine foo",
        description: "Move foo from testing to mine",
      }],
      run: (options, output) => promote(options, output, true),
    },
    {
      name: "repo verify",
      summary: "Verify everything that a repository serves",
      description: "Compares each package, database and signature with what was published. Exits " +
        "with 1 if a file is wrong.",
      arguments: [REPOSITORY],
      options: OPTIONS,
      examples: [{ command: "pkgstash repo verify mine", description: "Check mine for damage" }],
      run: verify,
    },
    REPO_REBUILD_COMMAND,
    REPO_EXPORT_COMMAND,
    REPO_IMPORT_COMMAND,
    ...REPO_HISTORY_COMMANDS,
  ],
};

async function create(options: OptionValues, output: Output): Promise<ExitCode> {
  const architectures = listOption(options, "architectures");
  const tokens = listOption(options, "upload-tokens");
  const path = options.get("client-path");
  const signing = options.get("signing");
  const created = await ApiClient.of(options).call(CREATE_REPOSITORY, {
    body: {
      name: requiredArgument(options, REPOSITORY.name),
      ...(architectures === undefined ? {} : { architectures }),
      ...(path === undefined ? {} : { client_path: path }),
      ...(signing === undefined ? {} : { signing }),
      ...numberOption(options, "keep-versions", "keep_versions"),
      ...numberOption(options, "keep-generations", "keep_generations"),
      ...numberOption(options, "keep-days", "keep_days"),
      ...(tokens === undefined ? {} : { upload_tokens: tokens }),
    },
  });
  printAnswer(created, {
    options,
    output,
    render: ({ name, configuration }) =>
      [
        `Created ${visible(name)}. Add packages: pkgstash repo add ${visible(name)} FILE...`,
        "Set up clients: pkgstash client-config",
        "The equivalent configuration, if you want it in the file:",
        "",
        configuration.trimEnd().split("\n").map(visible).join("\n"),
      ].join("\n"),
  });
  return EXIT_CODE.ok;
}

function listOption(options: OptionValues, name: string): string[] | undefined {
  return options.get(name)?.split(",").map((each) => each.trim());
}

/** A request member with the number in an option; empty if the option is not given. */
function numberOption(options: OptionValues, name: string, member: string): Record<string, number> {
  const text = options.get(name);
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} "${text}" is not a number.`);
  return { [member]: Number(text) };
}

async function remove(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const packages = repeatedArgument(options, PACKAGE);
  const answer = await ApiClient.of(options).call(REMOVE_PACKAGES, {
    repository,
    body: { packages, force: options.has("force") },
  });
  printAnswer(answer, {
    options,
    output,
    render: (report, paints) => publicationText(repository, report, paints),
  });
  return EXIT_CODE.ok;
}

async function promote(
  options: OptionValues,
  output: Output,
  move: boolean,
): Promise<ExitCode> {
  const to = requiredArgument(options, TARGET.name);
  const answer = await ApiClient.of(options).call(PROMOTE_PACKAGES, {
    repository: requiredArgument(options, REPOSITORY.name),
    body: {
      ...{ to, move },
      packages: repeatedArgument(options, PACKAGE),
      force: options.has("force"),
      ...consentOf(options),
    },
  });
  printAnswer(answer, {
    options,
    output,
    render: (report, paints) => publicationText(to, report, paints),
  });
  return EXIT_CODE.ok;
}

async function verify(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const answer = await ApiClient.of(options).call(VERIFY_REPOSITORY, { repository });
  printAnswer(answer, {
    options,
    output,
    render: ({ packages, bytes, faults }, paints) =>
      [
        ...faults.map(({ file, reason }) => paints.bad(visible(`${file}: ${reason}`))),
        `${countText(packages, "package")} read, ${bytesText(bytes)}: ` +
        `${
          faults.length === 0 ? "no damage found" : `${countText(faults.length, "file")} damaged`
        }.`,
      ].join("\n"),
  });
  return answer.faults.length === 0 ? EXIT_CODE.ok : EXIT_CODE.failure;
}
