import {
  ADD_FOLDER,
  ADD_REPOSITORY,
  ADD_WATCHED,
  type PlanReport,
  type WatchedReport,
} from "../../api/aur.ts";
import { readSourceFolder } from "../../building/source_folder.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandOption,
  type OptionValues,
  repeatedArgument,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { countText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, visible } from "../terminal_text.ts";
import { namesInList } from "./foreign_packages.ts";

const PACKAGE = "PACKAGE";
const FILE = "FILE";

const DRY_RUN: CommandOption = {
  name: "dry-run",
  valueName: null,
  description: "Only print what would be watched",
};

const OPTIONS = [DRY_RUN, JSON_OPTION, ...CONNECTION_OPTIONS];

export const AUR_ADD_COMMAND: Command = {
  name: "aur add",
  summary: "Watch packages",
  description: "Watches AUR packages, given by name or URL, together with their dependencies in " +
    "the AUR. Their first builds are approved together. For the URL of any other git repository " +
    "that contains a PKGBUILD and a .SRCINFO, a builder fetches the repository and checks it " +
    "every vcs_interval. A path such as ./foo is a folder with such files; its current contents " +
    "are sent to the daemon, so add it again after each change.",
  arguments: [{
    name: PACKAGE,
    isPath: true,
    description: "Name or URL of an AUR package, URL of a git repository, or path of a folder",
    required: true,
    isRepeated: true,
  }],
  options: OPTIONS,
  examples: [
    { command: "pkgstash aur add yay paru", description: "Two packages" },
    {
      command: "pkgstash aur add --dry-run clion",
      description: "Show the AUR dependencies of clion",
    },
    { command: "pkgstash aur add ./my-package", description: "A folder of your own" },
    {
      command: "pkgstash aur add https://git.example.org/foo.git#branch=packaging",
      description: "A branch of a git repository",
    },
  ],
  run: add,
};

export const AUR_IMPORT_COMMAND: Command = {
  name: "aur import",
  summary: "Watch all packages of a list",
  description: "Reads a list of packages and watches those that are in the AUR. Accepts the " +
    "output of pacman -Qm or aur repo --list, a list of names, or the JSON of ahriman-status.",
  arguments: [{
    name: FILE,
    description: "The list, or - for standard input",
    required: true,
    isPath: true,
  }],
  options: OPTIONS,
  examples: [
    {
      command: "pacman -Qm | pkgstash aur import -",
      description: "All foreign packages of a machine",
    },
  ],
  run: async (options, output) => {
    const file = requiredArgument(options, FILE);
    const text = file === "-"
      ? await new Response(Deno.stdin.readable).text()
      : await Deno.readTextFile(file);
    const names = namesInList(text);
    if (names.length === 0) throw new UsageError(`${file} contains no package name.`);
    return await watch(names, { options, output, skipsUnknown: true });
  },
};

async function add(options: OptionValues, output: Output): Promise<ExitCode> {
  const targets = repeatedArgument(options, PACKAGE);
  const folders = targets.filter(isFolder);
  if (folders.length > 0 && options.has(DRY_RUN.name)) {
    throw new UsageError(
      "--dry-run applies only to AUR packages: a folder's dependencies are " +
        "not resolved.",
    );
  }
  for (const folder of folders) await addFolder(folder, options, output);
  const others = targets.filter((target) => !isFolder(target));
  const repositories = others.filter(isRepository);
  if (repositories.length > 0 && options.has(DRY_RUN.name)) {
    throw new UsageError(
      "--dry-run applies only to AUR packages: a git repository's dependencies are not resolved.",
    );
  }
  for (const repository of repositories) await addRepository(repository, options, output);
  const names = others.filter((target) => !isRepository(target)).map(nameOf);
  if (names.length === 0) return EXIT_CODE.ok;
  return await watch(names, { options, output, skipsUnknown: false });
}

function isFolder(target: string): boolean {
  return /^(?:\.{1,2}$|\.{0,2}\/)/.test(target);
}

const AUR_URL =
  /^(?:https|ssh|git\+https):\/\/(?:aur@)?aur\.archlinux\.org\/(?:packages\/|pkgbase\/|cgit\/aur\.git\/.*[?&]h=)?([^/?#&]+?)(?:\.git)?\/?$/;

/** The URL of a git repository outside the AUR, optionally with a branch as in a PKGBUILD. */
const REPOSITORY = /^(?:git\+)?((?:https?|git):\/\/[^#?]+)(?:#branch=(.+))?$/;

function isRepository(target: string): boolean {
  return REPOSITORY.test(target) && !AUR_URL.test(target);
}

/** The package name in an AUR URL, or a name as it is. */
function nameOf(target: string): string {
  if (!target.includes("/")) return target;
  const name = AUR_URL.exec(target)?.[1];
  if (name !== undefined) return decodeURIComponent(name);
  throw new UsageError(
    `Cannot watch ${target}: it is neither an AUR URL nor an https, http or git:// URL of a git ` +
      "repository. Clone the repository, add its folder, and add it again after each change.",
  );
}

async function addRepository(
  target: string,
  options: OptionValues,
  output: Output,
): Promise<void> {
  const [, url = "", branch] = REPOSITORY.exec(target) ?? [];
  const body = { url, ...branch === undefined ? {} : { branch } };
  const watched = await ApiClient.of(options).call(ADD_REPOSITORY, { body });
  printAnswer(watched, { options, output, render: renderWatched });
}

function renderWatched({ base, candidate, state }: WatchedReport, paints: Paints): string {
  return state === "approval"
    ? `${paints.accent(visible(base))} ${visible(candidate ?? "")} waits for approval. ` +
      "See pkgstash approvals."
    : `${paints.accent(visible(base))} is watched.`;
}

async function addFolder(path: string, options: OptionValues, output: Output): Promise<void> {
  const tree = await readSourceFolder(path);
  const files = [...tree.values()].map(({ path: name, mode, content }) => {
    if (content === null || mode === "160000") {
      throw new UsageError(`Cannot add ${path}: ${name} is too large or a submodule.`);
    }
    return { path: name, mode, base64: content.toBase64() };
  });
  const watched = await ApiClient.of(options).call(ADD_FOLDER, { body: { files } });
  printAnswer(watched, { options, output, render: renderWatched });
}

async function watch(
  names: readonly string[],
  { options, output, skipsUnknown }: {
    options: OptionValues;
    output: Output;
    skipsUnknown: boolean;
  },
): Promise<ExitCode> {
  const isDryRun = options.has(DRY_RUN.name);
  const plan = await ApiClient.of(options).call(ADD_WATCHED, {
    body: { names: [...names], skip_unknown: skipsUnknown, dry_run: isDryRun },
  });
  printAnswer(plan, {
    options,
    output,
    render: (plan, paints) => renderPlan(plan, { paints, isDryRun }),
  });
  return EXIT_CODE.ok;
}

function renderPlan(
  { packages, cycles, unknown, watched, open, failure }: PlanReport,
  { paints, isDryRun }: { paints: Paints; isDryRun: boolean },
): string {
  const warn = (text: string) => paints.doubtful(visible(text));
  const lines: string[] = [];
  if (packages.length > 0) {
    lines.push(
      renderTable<PlanReport["packages"][number]>(
        [
          { title: "PACKAGE", text: ({ base }) => base, paint: (text) => paints.accent(text) },
          { title: "VERSION", text: ({ version }) => version },
          { title: "MAINTAINER", text: ({ maintainer }) => maintainer ?? "-" },
          { title: "WHY", text: (each) => each.is_dependency ? "needed" : "asked for" },
          { title: "NEEDS", text: ({ needs }) => needs.join(", ") || "-" },
        ],
        packages,
        paints.title,
      ),
      "",
    );
  }
  if (watched.length > 0) lines.push(visible(`Already watched: ${watched.join(", ")}.`));
  if (unknown.length > 0) lines.push(warn(`Not in the AUR: ${unknown.join(", ")}.`));
  for (const cycle of cycles) {
    lines.push(warn(
      "Circular dependency; one of these must be built without the others first: " +
        `${cycle.join(", ")}.`,
    ));
  }
  for (const { dependency, needed_by, providers } of open) {
    lines.push(warn(
      providers.length === 0
        ? `No package provides ${dependency}, which ${needed_by} needs.`
        : `${needed_by} needs ${dependency}. Add one of ${providers.join(", ")}.`,
    ));
  }
  if (failure !== null) lines.push(warn(`${failure}.`));
  if (packages.length > 0) {
    const count = countText(packages.length, "package");
    lines.push(
      isDryRun
        ? `${count} would be watched, in this build order.`
        : `Watching ${count}, in this build order. See pkgstash approvals for the first builds.`,
    );
  } else if (watched.length === 0) lines.push("Nothing to watch.");
  return lines.join("\n");
}
