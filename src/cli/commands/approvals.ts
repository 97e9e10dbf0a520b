import {
  type ApprovalDetail,
  type ApprovalList,
  type ApprovalReport,
  APPROVE,
  LIST_APPROVALS,
  REJECT,
  SHOW_APPROVAL,
} from "../../api/approvals.ts";
import type { BuildReport } from "../../api/builds.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandArgument,
  type OptionValues,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { printPaged } from "../pager.ts";
import { agoText, durationText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, paintsFor, visible } from "../terminal_text.ts";
import { renderApproval } from "./approval_text.ts";
import { statePaint, stateText } from "./build_texts.ts";
import { REASON_OPTION, reasonIn } from "./decision_reason.ts";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];

const ID: CommandArgument = {
  name: "ID",
  description: 'Id of the approval, as listed by "pkgstash approvals", or its first digits',
  required: true,
  completion: "approvals",
};

const LIST: Omit<Command, "name"> = {
  summary: "Review and approve builds",
  description:
    "Lists changes that need approval, with the reason, and builds that are held or have " +
    "failed. Prints a single sentence if there are none.",
  options: OPTIONS,
  examples: [{
    command: "pkgstash approvals",
    description: "List pending approvals, for example in a motd",
  }],
  run: list,
};

export const APPROVALS_COMMAND: Command = {
  ...LIST,
  name: "approvals",
  subcommands: [
    { ...LIST, name: "approvals list", summary: "List pending approvals" },
    {
      name: "approvals show",
      summary: "Show what changed",
      description: "Shows a pending change: a summary of the facts, then a diff of all files " +
        "against the last accepted ones. Control characters are escaped, so the files cannot " +
        "manipulate the terminal. Accepts a package name in place of the id.",
      arguments: [ID],
      options: OPTIONS,
      examples: [{
        command: "pkgstash approvals show yay",
        description: "Review yay before approving it",
      }],
      run: show,
    },
    {
      name: "approvals approve",
      summary: "Approve builds",
      description: "Accepts exactly the files that the id stands for: if anything has changed " +
        "since, nothing is approved. During a cool-down a reason is required.",
      arguments: [ID],
      options: [REASON_OPTION, ...OPTIONS],
      examples: [{
        command: "pkgstash approvals approve 3f2a91c07be4d815",
        description: 'Approve what "pkgstash approvals show" printed',
      }],
      run: async (options, output) => {
        const client = ApiClient.of(options);
        const { id } = await byId(client, requiredArgument(options, ID.name));
        const reason = options.get(REASON_OPTION.name);
        const approved = await client.call(APPROVE, {
          id,
          body: reason === undefined ? {} : { reason },
        });
        printAnswer(approved, {
          options,
          output,
          render: (approval) => `Approved ${titleOf(approval)}.`,
        });
        return EXIT_CODE.ok;
      },
    },
    {
      name: "approvals reject",
      summary: "Skip versions or reject settings",
      description:
        "Skips exactly these versions; later ones are reviewed as usual. Settings proposed with " +
        "them are rejected as well.",
      arguments: [ID],
      options: [REASON_OPTION, ...OPTIONS],
      examples: [{
        command: 'pkgstash approvals reject 3f2a91c07be4d815 --reason "broken release"',
        description: "Skip this version and wait for the next",
      }],
      run: (options, output) => reject(options, output, false),
    },
    {
      name: "approvals hold",
      summary: "Hold packages",
      description: 'Builds none of these packages until "pkgstash aur hold --release".',
      arguments: [ID],
      options: [REASON_OPTION, ...OPTIONS],
      examples: [{
        command: 'pkgstash approvals hold 3f2a91c07be4d815 --reason "the maintainer is new"',
        description: "Stop building it until this is cleared up",
      }],
      run: (options, output) => reject(options, output, true),
    },
  ],
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const answer = await ApiClient.of(options).call(LIST_APPROVALS);
  printAnswer(answer, { options, output, render: renderList });
  return EXIT_CODE.ok;
}

async function show(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const { id } = await byIdOrName(client, requiredArgument(options, ID.name));
  const approval: ApprovalDetail = await client.call(SHOW_APPROVAL, { id });
  if (options.has(JSON_OPTION.name)) output.out(JSON.stringify(approval, null, 2));
  else await printPaged(renderApproval(approval, paintsFor(output)), output);
  return EXIT_CODE.ok;
}

async function reject(options: OptionValues, output: Output, hold: boolean): Promise<ExitCode> {
  const reason = reasonIn(options);
  const client = ApiClient.of(options);
  const { id } = await byId(client, requiredArgument(options, ID.name));
  const rejected = await client.call(REJECT, { id, body: { reason, hold } });
  printAnswer(rejected, {
    options,
    output,
    render: (approval) =>
      `${hold ? "Held" : approval.kind === "settings" ? "Rejected" : "Skipped"} ${
        titleOf(approval)
      }.`,
  });
  return EXIT_CODE.ok;
}

const FULL_ID = /^[0-9a-f]{16}$/;

/** A decision needs the id of what was shown: a name would select whatever is pending now. */
async function byId(client: ApiClient, text: string): Promise<{ id: string }> {
  if (FULL_ID.test(text)) return { id: text };
  const { approvals } = await client.call(LIST_APPROVALS);
  const found = /^[0-9a-f]{4,16}$/.test(text)
    ? approvals.filter(({ id }) => id.startsWith(text))
    : [];
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const named = approvals.find(({ packages }) => packages.some(({ base }) => base === text));
  throw new UsageError(
    named === undefined
      ? `No pending approval matches ${text}. See pkgstash approvals.`
      : `Use the id that pkgstash approvals show ${text} prints, so that your decision applies ` +
        "to what you have seen.",
  );
}

async function byIdOrName(client: ApiClient, text: string): Promise<{ id: string }> {
  const { approvals, builds } = await client.call(LIST_APPROVALS);
  const named = approvals.find(({ packages }) => packages.some(({ base }) => base === text));
  if (named !== undefined) return named;
  const build = builds.find(({ package_base }) => package_base === text);
  if (build === undefined) return await byId(client, text);
  throw new UsageError(
    `No change of ${text} is pending, but its build ${build.number} is ${build.state}. See ` +
      `pkgstash builds show ${build.number}.`,
  );
}

function titleOf({ kind, packages }: ApprovalReport): string {
  if (kind === "settings") {
    return visible(`changed settings of ${packages.map(({ base }) => base).join(", ")}`);
  }
  return visible(packages.map(({ base, version }) => `${base} ${version}`).join(", "));
}

function renderList({ approvals, builds }: ApprovalList, paints: Paints): string {
  if (approvals.length + builds.length === 0) return "No approvals are pending.";
  return [
    ...approvals.length === 0 ? [] : [renderApprovals(approvals, paints)],
    ...builds.length === 0 ? [] : [renderBuilds(builds, paints)],
  ].join("\n\n");
}

function renderBuilds(builds: readonly BuildReport[], paints: Paints): string {
  const table = renderTable<BuildReport>(
    [
      { title: "BUILD", text: ({ number }) => `${number}` },
      {
        title: "PACKAGE",
        text: ({ package_base, version, architecture }) =>
          `${package_base} ${version} for ${architecture}`,
        paint: (text) => paints.accent(text),
      },
      {
        title: "WHY",
        text: stateText,
        paint: (text, { state }) => statePaint(state, paints)(text),
      },
    ],
    builds,
    paints.title,
  );
  return `${table}\n\nSee pkgstash builds show BUILD.`;
}

function renderApprovals(approvals: readonly ApprovalReport[], paints: Paints): string {
  const now = Date.now();
  const asked = approvals.filter(({ is_asked }) => is_asked).length;
  const table = renderTable<ApprovalReport>(
    [
      { title: "ID", text: ({ id }) => id },
      { title: "PACKAGES", text: changesText, paint: (text) => paints.accent(text) },
      { title: "PUSHED", text: ({ pushed_at }) => agoText(pushed_at, now) },
      {
        title: "WHY",
        text: ({ reasons, passes_at }) =>
          reasons.join("; ") +
          (passes_at === null ? "" : `; passes in ${durationText(Date.parse(passes_at) - now)}`),
        paint: (text, { is_asked }) => is_asked ? paints.bad(text) : paints.doubtful(text),
      },
    ],
    approvals,
    paints.title,
  );
  return asked === 0 ? table : `${table}\n\nSee pkgstash approvals show ID.`;
}

/** `foo 1-1 -> 2-1`, or `foo 1-1 and 3 more` */
function changesText({ packages }: ApprovalReport): string {
  const last = packages.at(-1);
  if (last === undefined) return "-";
  if (last.settings !== null && last.accepted === last.version) return `${last.base} settings`;
  const versions = last.accepted === null ? last.version : `${last.accepted} -> ${last.version}`;
  const more = packages.length === 1 ? "" : ` and ${packages.length - 1} more`;
  return `${last.base} ${versions}${more}`;
}
