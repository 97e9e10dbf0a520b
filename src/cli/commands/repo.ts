import {
  CREATE_REPOSITORY,
  type GenerationReport,
  LIST_REPOSITORIES,
  type OwnPackageReport,
  PROMOTE_PACKAGES,
  REMOVE_PACKAGES,
  type RepositoryReport,
  ROLL_BACK,
  SHOW_HISTORY,
  SHOW_REPOSITORY,
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
import { agoText, bytesText, countText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, renderFacts, visible } from "../terminal_text.ts";
import { REPO_ADD_COMMAND } from "./repo_add.ts";
import {
  changeText,
  CONSENT_OPTIONS,
  consentOf,
  publicationText,
  REPOSITORY,
} from "./repo_texts.ts";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];
const PACKAGE = "PACKAGE";
const GENERATION = "GENERATION";

const NAMES: CommandArgument = {
  name: PACKAGE,
  description: "Names of packages",
  required: true,
  isRepeated: true,
};
const TARGET: CommandArgument = {
  name: "TO",
  description: "Name of the other repository",
  required: true,
};

const option = (
  name: string,
  valueName: string | null,
  description: string,
): CommandOption => ({ name, valueName, description });

const LIST: Omit<Command, "name"> = {
  summary: "Keep repositories of your own packages",
  description: "Lists the repositories of your own, with what each serves.",
  options: OPTIONS,
  examples: [{ command: "pkgstash repo", description: "All repositories" }],
  run: list,
};

export const REPO_COMMAND: Command = {
  ...LIST,
  name: "repo",
  subcommands: [
    { ...LIST, name: "repo list", summary: "List the repositories" },
    {
      name: "repo create",
      summary: "Create a repository",
      description:
        "Creates an empty repository that is served at once, and prints the table that " +
        "describes it in the configuration, which it does not need. The server makes a signing " +
        "key if it has none.",
      arguments: [{ ...REPOSITORY, description: "Its name, the value of $repo" }],
      options: [
        option("architectures", "LIST", "Architectures, separated by commas (default: x86_64)"),
        option("client-path", "PATH", "Path on the server (default: $repo/os/$arch)"),
        {
          ...option("signing", "POLICY", "Whether the server signs (default: required)"),
          choices: ["required", "none"],
        },
        option("keep-versions", "NUMBER", "Former versions to keep for download (default: 3)"),
        option("keep-generations", "NUMBER", "Publications to keep for rollbacks (default: 20)"),
        ...OPTIONS,
      ],
      examples: [{ command: "pkgstash repo create mine", description: 'A repository "mine"' }],
      run: create,
    },
    REPO_ADD_COMMAND,
    {
      name: "repo show",
      summary: "Show a repository and its packages",
      description: "Shows what a repository serves.",
      arguments: [
        REPOSITORY,
        {
          name: PACKAGE,
          description: "Package name or file name, or a glob of either, with * and ?",
          required: false,
        },
      ],
      options: OPTIONS,
      examples: [{ command: "pkgstash repo show mine", description: "All packages of mine" }],
      run: show,
    },
    {
      name: "repo remove",
      summary: "Remove packages from a repository",
      description: "Removes packages, all of them or none. Their files stay as long as a " +
        "publication that is kept has them, so that it can be rolled back to.",
      arguments: [
        REPOSITORY,
        NAMES,
      ],
      options: [
        option("force", null, "Remove them even if others of the repository need them"),
        ...OPTIONS,
      ],
      examples: [{ command: "pkgstash repo remove mine foo", description: "Take foo out" }],
      run: remove,
    },
    {
      name: "repo promote",
      summary: "Publish packages in another repository as well",
      description:
        "Publishes packages of a repository in another one, as from testing to stable, " +
        "without copying them.",
      arguments: [REPOSITORY, TARGET, NAMES],
      options: [...CONSENT_OPTIONS, ...OPTIONS],
      examples: [{ command: "pkgstash repo promote testing mine foo", description: "Release foo" }],
      run: (options, output) => promote(options, output, false),
    },
    {
      name: "repo move",
      summary: "Move packages to another repository",
      description: "As promote, and removes them from the repository that they come from.",
      arguments: [REPOSITORY, TARGET, NAMES],
      options: [
        option("force", null, "Move them even if others of the repository need them"),
        ...CONSENT_OPTIONS,
        ...OPTIONS,
      ],
      examples: [{ command: "pkgstash repo move testing mine foo", description: "Move foo" }],
      run: (options, output) => promote(options, output, true),
    },
    {
      name: "repo verify",
      summary: "Verify everything that a repository serves",
      description: "Compares each package, database and signature with what was published. Exits " +
        "with 1 if a file is wrong.",
      arguments: [REPOSITORY],
      options: OPTIONS,
      examples: [{ command: "pkgstash repo verify mine", description: "Is anything damaged?" }],
      run: verify,
    },
    {
      name: "repo history",
      summary: "List the publications of a repository",
      description: "Lists the publications that are kept, the latest first, with what changed, " +
        "when, and by whom. Their numbers, days and times name views for clients: " +
        "Server = URL/REPOSITORY@2026-11-28/os/$arch.",
      arguments: [REPOSITORY],
      options: OPTIONS,
      examples: [{ command: "pkgstash repo history mine", description: "What happened" }],
      run: history,
    },
    {
      name: "repo rollback",
      summary: "Publish an earlier publication again",
      description: "Publishes the packages of an earlier publication as a new one.",
      arguments: [
        REPOSITORY,
        {
          name: GENERATION,
          description: "Number of the publication, from the history",
          required: true,
        },
      ],
      options: OPTIONS,
      examples: [{ command: "pkgstash repo rollback mine 41", description: "As it was then" }],
      run: rollBack,
    },
  ],
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const answer = await (await ApiClient.of(options)).call(LIST_REPOSITORIES);
  printAnswer(answer, { options, output, render: renderRepositories });
  return EXIT_CODE.ok;
}

async function create(options: OptionValues, output: Output): Promise<ExitCode> {
  const architectures = options.get("architectures")?.split(",").map((each) => each.trim());
  const path = options.get("client-path");
  const signing = options.get("signing");
  const created = await (await ApiClient.of(options)).call(CREATE_REPOSITORY, {
    body: {
      name: requiredArgument(options, REPOSITORY.name),
      ...(architectures === undefined ? {} : { architectures }),
      ...(path === undefined ? {} : { client_path: path }),
      ...(signing === undefined ? {} : { signing }),
      ...numberOption(options, "keep-versions", "keep_versions"),
      ...numberOption(options, "keep-generations", "keep_generations"),
    },
  });
  printAnswer(created, {
    options,
    output,
    render: ({ name, configuration }) =>
      [
        `Created ${visible(name)}. Put packages in: pkgstash repo add ${visible(name)} FILE...`,
        "What clients need: pkgstash client-config",
        "In the configuration, if you want it there:",
        "",
        configuration.trimEnd().split("\n").map(visible).join("\n"),
      ].join("\n"),
  });
  return EXIT_CODE.ok;
}

/** A member with the number of an option; none if it was not given. */
function numberOption(options: OptionValues, name: string, member: string): Record<string, number> {
  const text = options.get(name);
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} "${text}" is not a number.`);
  return { [member]: Number(text) };
}

async function show(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const name = options.get(PACKAGE);
  const answer = await (await ApiClient.of(options)).call(SHOW_REPOSITORY, {
    repository,
    ...(name === undefined ? {} : { name }),
  });
  printAnswer(answer, { options, output, render: renderRepository });
  return EXIT_CODE.ok;
}

async function remove(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const packages = repeatedArgument(options, PACKAGE);
  const answer = await (await ApiClient.of(options)).call(REMOVE_PACKAGES, {
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
  const answer = await (await ApiClient.of(options)).call(PROMOTE_PACKAGES, {
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
  const answer = await (await ApiClient.of(options)).call(VERIFY_REPOSITORY, { repository });
  printAnswer(answer, {
    options,
    output,
    render: ({ packages, bytes, faults }, paints) =>
      [
        ...faults.map(({ file, reason }) => paints.bad(visible(`${file}: ${reason}`))),
        `${countText(packages, "package")} read, ${bytesText(bytes)}: ` +
        `${faults.length === 0 ? "nothing" : countText(faults.length, "file")} wrong.`,
      ].join("\n"),
  });
  return answer.faults.length === 0 ? EXIT_CODE.ok : EXIT_CODE.failure;
}

async function history(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const answer = await (await ApiClient.of(options)).call(SHOW_HISTORY, { repository });
  printAnswer(answer, { options, output, render: renderHistory });
  return EXIT_CODE.ok;
}

async function rollBack(options: OptionValues, output: Output): Promise<ExitCode> {
  const repository = requiredArgument(options, REPOSITORY.name);
  const text = requiredArgument(options, GENERATION);
  const generation = Number(text);
  if (!Number.isSafeInteger(generation) || generation < 1) {
    throw new UsageError(
      `"${text}" is not the number of a publication. See pkgstash repo history.`,
    );
  }
  const answer = await (await ApiClient.of(options)).call(ROLL_BACK, {
    repository,
    body: { generation },
  });
  printAnswer(answer, {
    options,
    output,
    render: (report, paints) => publicationText(repository, report, paints),
  });
  return EXIT_CODE.ok;
}

function renderRepositories(
  { repositories }: { repositories: readonly RepositoryReport[] },
  paints: Paints,
): string {
  if (repositories.length === 0) return "There are none. Make one: pkgstash repo create NAME";
  const now = Date.now();
  return renderTable<RepositoryReport>(
    [
      { title: "NAME", text: ({ name }) => name },
      { title: "ARCHITECTURES", text: ({ architectures }) => architectures.join(" ") },
      { title: "PACKAGES", align: "right", text: ({ packages }) => String(packages) },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "GENERATION", align: "right", text: ({ generation }) => String(generation ?? "-") },
      { title: "PUBLISHED", text: ({ published_at }) => since(published_at, now) },
    ],
    repositories,
    paints.title,
  );
}

function renderRepository(
  { repository, packages }: {
    repository: RepositoryReport;
    packages: readonly OwnPackageReport[];
  },
  paints: Paints,
): string {
  const { name, architectures, client_path, signing, generation, published_at } = repository;
  const now = Date.now();
  const facts = renderFacts([
    ["Repository", name],
    ["Architectures", architectures.join(" ")],
    ["Path", client_path],
    ["Signing", signing],
    ["Generation", `${generation ?? "-"} (${since(published_at, now)})`],
    ["Packages", `${repository.packages}, ${bytesText(repository.bytes)}`],
  ], paints);
  if (packages.length === 0) return facts;
  const table = renderTable<OwnPackageReport>(
    [
      { title: "PACKAGE", text: ({ name }) => name },
      { title: "VERSION", text: ({ version }) => version },
      { title: "ARCHITECTURE", text: ({ architecture }) => architecture },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "ADDED", text: ({ added_at }) => since(added_at, now) },
    ],
    packages,
    paints.title,
  );
  return `${facts}\n\n${table}`;
}

function renderHistory(
  { generations }: { generations: readonly GenerationReport[] },
  paints: Paints,
): string {
  if (generations.length === 0) return "Nothing was ever published.";
  return generations.map(({ number, published_at, by, action, changes }) =>
    [
      paints.title(visible(`${number}  ${secondText(published_at)}  ${action} by ${by}`)) +
      (changes.length === 0 ? "" : `, ${countText(changes.length, "change")}`),
      ...changes.map((change) => `  ${visible(changeText(change))}`),
    ].join("\n")
  ).join("\n");
}

/** `2026-11-28T19:00:00Z`, which is the name of a view as well. */
function secondText(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}

function since(time: string | null, now: number): string {
  return time === null ? "-" : agoText(time, now);
}
