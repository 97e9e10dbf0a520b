import {
  LIST_PACKAGES,
  type PackageDetails,
  type PackageList,
  type PackageReport,
  REMOVE_PACKAGE,
  type RemovedPackage,
  SHOW_PACKAGE,
} from "../../api/packages.ts";
import type { InputArguments } from "../../api/endpoint.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandArgument,
  type CommandOption,
  type OptionValues,
  requiredArgument,
} from "../command.ts";
import { AdministrationError, EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { agoText, bytesText, countText, timeText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, renderFacts, visible } from "../terminal_text.ts";
import { PIN_COMMANDS } from "./pins.ts";

const OPTIONS: readonly CommandOption[] = [JSON_OPTION, ...CONNECTION_OPTIONS];

const PACKAGE: CommandArgument = {
  name: "PACKAGE",
  description: "Path as requested by pacman, package name, file name, or a glob of either name",
  required: true,
  completion: "cached packages",
};

const ALL: CommandOption = {
  name: "all",
  valueName: null,
  description: "Remove every matching package",
};

const LIST: Omit<Command, "name"> = {
  summary: "Manage cached packages",
  description: "Lists the cached packages with their size, number of requests, and the reason " +
    "why cleanup keeps them. A package is current if a database lists it.",
  options: [
    {
      name: "repository",
      valueName: "NAME",
      completion: "repositories",
      description: "Only packages of this repository, given by name or directory",
    },
    {
      name: "search",
      valueName: "WORDS",
      description: "Only packages whose path contains all of these words",
    },
    {
      name: "kept",
      valueName: "REASON",
      description: "Only packages kept for this reason: current, unknown, pinned, version, " +
        "in_flight, or nothing",
    },
    {
      name: "sort",
      valueName: "KEY",
      description: "Sort by path, name, size, used_at, fetched_at or uses (default: path)",
    },
    { name: "descending", valueName: null, description: "The largest or latest first" },
    {
      name: "limit",
      valueName: "NUMBER",
      description: "Maximum number of entries, up to 1000 (default: all)",
    },
    { name: "offset", valueName: "NUMBER", description: "Number of entries to skip" },
    ...OPTIONS,
  ],
  examples: [
    { command: "pkgstash packages", description: "All cached packages" },
    {
      command: "pkgstash packages list --sort size --descending --limit 20",
      description: "The twenty largest packages",
    },
    {
      command: "pkgstash packages list 'linux*' --repository core",
      description: "The packages of core whose names begin with linux",
    },
  ],
  run: list,
};

export const PACKAGES_COMMAND: Command = {
  ...LIST,
  name: "packages",
  subcommands: [
    {
      ...LIST,
      name: "packages list",
      summary: "List cached packages",
      arguments: [{
        name: "PATTERN",
        description: "Package name or file name, or a glob of either, with * and ?",
        required: false,
        completion: "cached packages",
      }],
    },
    {
      name: "packages show",
      summary: "Show a package in detail",
      description: "Prints all details of each matching package.",
      arguments: [PACKAGE],
      options: OPTIONS,
      examples: [{ command: "pkgstash packages show linux", description: "All cached versions" }],
      run: show,
    },
    {
      name: "packages remove",
      summary: "Remove a package and its signature",
      description: "Removes a package and its signature from the cache, even if it is pinned, " +
        "but not while it is downloading. If several packages match, nothing is removed without " +
        "--all.",
      arguments: [PACKAGE],
      options: [ALL, ...OPTIONS],
      examples: [
        {
          command: "pkgstash packages remove core/os/x86_64/linux-6.1-1-x86_64.pkg.tar.zst",
          description: "One file",
        },
        {
          command: "pkgstash packages remove 'nvidia*' --all",
          description: "Every matching package",
        },
      ],
      run: remove,
    },
    ...PIN_COMMANDS,
  ],
};

type ListInput = NonNullable<InputArguments<typeof LIST_PACKAGES>[0]>;
/** The server rejects other values and lists the allowed ones. */
type KeptFilter = ListInput["kept"];
type SortKey = ListInput["sort"];

/** What may leave out packages. */
const NARROWING = ["PATTERN", "repository", "search", "kept", "offset"];

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const list = await ApiClient.of(options).call(LIST_PACKAGES, {
    name: options.get("PATTERN"),
    repository: options.get("repository"),
    q: options.get("search"),
    kept: options.get("kept") as KeptFilter,
    sort: options.get("sort") as SortKey,
    descending: options.has("descending") ? "true" : "false",
    limit: options.get("limit"),
    offset: options.get("offset"),
  });
  const isPart = NARROWING.some((name) => options.has(name));
  const nothing = isPart ? "No cached package matches." : "No packages are cached.";
  printAnswer(list, {
    options,
    output,
    render: (list, paints) => renderPackages(list, { paints, nothing }),
  });
  return EXIT_CODE.ok;
}

async function show(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const packages: PackageDetails[] = [];
  for (
    const { directory, file } of await findPackages(
      client,
      requiredArgument(options, PACKAGE.name),
    )
  ) {
    packages.push(await client.call(SHOW_PACKAGE, { directory, file }));
  }
  printAnswer(packages, {
    options,
    output,
    render: (packages, paints) => packages.map((each) => renderPackage(each, paints)).join("\n\n"),
  });
  return EXIT_CODE.ok;
}

async function remove(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const word = requiredArgument(options, PACKAGE.name);
  const packages = await findPackages(client, word);
  if (packages.length > 1 && !options.has(ALL.name)) {
    const paths = packages.map(({ path }) => `  ${visible(path)}`).join("\n");
    throw new AdministrationError(
      EXIT_CODE.failure,
      `Cannot remove ${word}: it matches ${packages.length} packages.\n${paths}\n` +
        "Nothing was removed. Name one of them, or use --all.",
    );
  }
  const isJson = options.has(JSON_OPTION.name);
  const removed: RemovedPackage[] = [];
  for (const { directory, file } of packages) {
    const answer = await client.call(REMOVE_PACKAGE, { directory, file });
    removed.push(answer);
    if (isJson) continue;
    output.out(`Removed ${visible(answer.path)}, ${bytesText(answer.bytes_freed)} freed.`);
  }
  if (isJson) output.out(JSON.stringify(removed, null, 2));
  return EXIT_CODE.ok;
}

/**
 * The packages that a word matches: a path below the server's root, a package name, a file name, or
 * a glob of either name.
 *
 * @throws AdministrationError if there is none.
 */
async function findPackages(client: ApiClient, word: string): Promise<PackageReport[]> {
  const path = word.replace(/^\/+/, "");
  const slash = path.lastIndexOf("/");
  if (slash > 0 && slash < path.length - 1) {
    const [directory, file] = [path.slice(0, slash), path.slice(slash + 1)];
    return [await client.call(SHOW_PACKAGE, { directory, file })];
  }
  const { packages, nothing_found } = await client.call(LIST_PACKAGES, { name: path });
  if (packages.length > 0) return packages;
  const hint = nothing_found === null ? null : insteadText(nothing_found);
  throw new AdministrationError(
    EXIT_CODE.failure,
    `Cannot find ${word}: no cached package matches. ` +
      (hint ?? 'List them with "pkgstash packages list".'),
  );
}

/** A hint at a similar name; null if there is none. */
function insteadText(
  { name, is_cached, listed }: NonNullable<PackageList["nothing_found"]>,
): string | null {
  if (name === null) return null;
  if (is_cached) return `Did you mean ${visible(name)}?`;
  const where = listed.map(({ directory, version }) => `${directory} (${version})`).join(", ");
  return `${visible(name)} is listed in ${visible(where)}; it is cached when a client requests it.`;
}

function renderPackages(
  { packages, bytes, total, nothing_found }: PackageList,
  { paints, nothing }: { paints: Paints; nothing: string },
): string {
  if (packages.length === 0) {
    const hint = nothing_found === null ? null : insteadText(nothing_found);
    return `${nothing}${hint === null ? "" : ` ${hint}`}`;
  }
  const now = Date.now();
  const table = renderTable<PackageReport>(
    [
      { title: "NAME", text: ({ name }) => name, paint: (text) => paints.accent(text) },
      { title: "VERSION", text: ({ version }) => version },
      { title: "SIZE", align: "right", text: ({ bytes }) => bytesText(bytes) },
      { title: "USED", align: "right", text: ({ uses }) => `${uses} x` },
      { title: "LAST", text: ({ used_at }) => agoText(used_at, now) },
      { title: "STATE", text: stateOf, paint: (text) => paints.faint(text) },
      { title: "REPOSITORY", text: ({ directory }) => directory },
    ],
    packages,
    paints.title,
  );
  const shown = packages.length === total ? "" : `${packages.length} of `;
  return `${table}\n\n${shown}${countText(total, "package")}, ${bytesText(bytes)}.`;
}

function renderPackage(cached: PackageDetails, paints: Paints): string {
  const now = Date.now();
  return renderFacts([
    ["Name", cached.name],
    ["Version", cached.version],
    ["Path", cached.path],
    ["Size", `${bytesText(cached.bytes)} (${cached.bytes} bytes)`],
    ["Signature", cached.signed ? "cached" : "not cached"],
    ["State", stateOf(cached)],
    ["Fetched", `${agoText(cached.fetched_at, now)} (${timeText(cached.fetched_at)})`],
    ["Last used", `${agoText(cached.used_at, now)} (${timeText(cached.used_at)})`],
    ["Used", countText(cached.uses, "time")],
    ["SHA-256", cached.sha256 ?? "not known yet"],
    ["Newer", cached.newer_version ?? "none is listed"],
    ["Cached", cached.versions.map(({ version }) => version).join(", ")],
  ], paints);
}

/** The state of a package, and what keeps it. */
function stateOf({ current, pinned, in_flight, kept_because }: PackageReport): string {
  return [
    current === null ? "unknown" : current ? "current" : "old",
    ...(kept_because.includes("version") ? ["version kept"] : []),
    ...(pinned ? ["pinned"] : []),
    ...(in_flight ? ["in flight"] : []),
  ].join(", ");
}
