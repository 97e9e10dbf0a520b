import {
  LIST_REPOSITORIES,
  type OwnPackageReport,
  type RepositoryReport,
  SHOW_REPOSITORY,
} from "../../api/repositories.ts";
import { MAX_LIMIT } from "../../api/paging.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandOption,
  type OptionValues,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { bytesText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, renderFacts } from "../terminal_text.ts";
import { REPOSITORY, since } from "./repo_texts.ts";

const PACKAGE = "PACKAGE";

/** Select one page of a list; without them, all pages are read. */
const PAGE_OPTIONS: readonly CommandOption[] = [
  {
    name: "limit",
    valueName: "NUMBER",
    description: "Maximum number of entries, up to 1000 (default: all)",
  },
  { name: "after", valueName: "NEXT", description: "Continue after the page that printed NEXT" },
];
const OPTIONS = [...PAGE_OPTIONS, JSON_OPTION, ...CONNECTION_OPTIONS];
/** `repo list`, also the default of `repo`. */
export const LIST_REPOSITORIES_COMMAND: Omit<Command, "name"> = {
  summary: "Manage repositories of your own packages",
  description: "Lists your own repositories and what each serves.",
  options: OPTIONS,
  examples: [{ command: "pkgstash repo", description: "All repositories" }],
  run: list,
};

export const REPO_SHOW_COMMAND: Command = {
  name: "repo show",
  summary: "Show a repository and its packages",
  description: "Shows the settings and packages of a repository.",
  arguments: [
    REPOSITORY,
    {
      name: PACKAGE,
      description: "Package name or file name, or a glob of either, with * and ?",
      required: false,
      completion: "packages of the repository",
    },
  ],
  options: OPTIONS,
  examples: [{ command: "pkgstash repo show mine", description: "All packages of mine" }],
  run: show,
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const repositories: RepositoryReport[] = [];
  const next = await followPages(options, async (page) => {
    const answer = await client.call(LIST_REPOSITORIES, page);
    repositories.push(...answer.repositories);
    return answer.next;
  });
  printAnswer({ repositories, next }, { options, output, render: renderRepositories });
  return EXIT_CODE.ok;
}

async function show(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const name = options.get(PACKAGE);
  const asked = {
    repository: requiredArgument(options, REPOSITORY.name),
    ...(name === undefined ? {} : { name }),
  };
  const packages: OwnPackageReport[] = [];
  const shown: { repository: RepositoryReport | null } = { repository: null };
  const next = await followPages(options, async (page) => {
    const answer = await client.call(SHOW_REPOSITORY, { ...asked, ...page });
    shown.repository = answer.repository;
    packages.push(...answer.packages);
    return answer.next;
  });
  const { repository } = shown;
  if (repository === null) throw new Error("No page was requested");
  printAnswer({ repository, packages, next }, { options, output, render: renderRepository });
  return EXIT_CODE.ok;
}

/**
 * Requests the page that the options select, or all pages. Returns where the next page starts; null
 * if there is none.
 */
async function followPages(
  options: OptionValues,
  ask: (page: { limit: string; after: string }) => Promise<string | null>,
): Promise<string | null> {
  const limit = options.get("limit");
  let after: string | null = options.get("after") ?? "";
  do after = await ask({ limit: limit ?? String(MAX_LIMIT), after }); while (
    limit === undefined && after !== null
  );
  return after;
}

/** The last line of a page that is not the last. */
function moreText(next: string | null): string {
  return next === null ? "" : `\n\nMore packages: --after ${JSON.stringify(next)}`;
}

function renderRepositories(
  { repositories, next }: { repositories: readonly RepositoryReport[]; next: string | null },
  paints: Paints,
): string {
  if (repositories.length === 0) {
    return "No repositories yet. Create one: pkgstash repo create NAME";
  }
  return renderTable<RepositoryReport>(
    [
      { title: "NAME", text: ({ name }) => name },
      { title: "ARCHITECTURES", text: ({ architectures }) => architectures.join(" ") },
      { title: "PACKAGES", align: "right", text: ({ packages }) => String(packages) },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "GENERATION", align: "right", text: ({ generation }) => String(generation ?? "-") },
      { title: "PUBLISHED", text: ({ published_at }) => since(published_at) },
    ],
    repositories,
    paints.title,
  ) + moreText(next);
}

function renderRepository(
  { repository, packages, next }: {
    repository: RepositoryReport;
    packages: readonly OwnPackageReport[];
    next: string | null;
  },
  paints: Paints,
): string {
  const { name, architectures, client_path, signing, generation, published_at } = repository;
  const facts = renderFacts([
    ["Repository", name],
    ["Architectures", architectures.join(" ")],
    ["Path", client_path],
    ["Signing", signing],
    ["Generation", `${generation ?? "-"} (${since(published_at)})`],
    ["Packages", `${repository.packages}, ${bytesText(repository.bytes)}`],
  ], paints);
  if (packages.length === 0) return facts;
  const table = renderTable<OwnPackageReport>(
    [
      { title: "PACKAGE", text: ({ name }) => name },
      { title: "VERSION", text: ({ version }) => version },
      { title: "ARCHITECTURE", text: ({ architecture }) => architecture },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "ADDED", text: ({ added_at }) => since(added_at) },
    ],
    packages,
    paints.title,
  );
  return `${facts}\n\n${table}${moreText(next)}`;
}
