import {
  LIST_WATCHED,
  SHOW_WATCHED,
  type WatchedDetail,
  type WatchedList,
  type WatchedReport,
} from "../../api/aur.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, type OptionValues, requiredArgument } from "../command.ts";
import { EXIT_CODE, type ExitCode } from "../errors.ts";
import type { Output } from "../output.ts";
import { agoText, durationText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import { type Paints, renderFacts, visible } from "../terminal_text.ts";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];

export const AUR_LIST: Omit<Command, "name"> = {
  summary: "Watch AUR packages",
  description: "Lists the watched package bases with their last accepted and pending versions.",
  options: OPTIONS,
  examples: [{ command: "pkgstash aur list", description: "All watched packages" }],
  run: list,
};

export const AUR_SHOW_COMMAND: Command = {
  name: "aur show",
  summary: "Show a watched package",
  description: "Shows all details of a watched package: its maintainers over time, its history " +
    "in the AUR, and every decision with its reason.",
  arguments: [{
    name: "NAME",
    description: "Name of a package or package base",
    required: true,
    completion: "watched packages",
  }],
  options: OPTIONS,
  examples: [{
    command: "pkgstash aur show yay",
    description: "See who maintains it and who approved it",
  }],
  run: async (options, output) => {
    const name = requiredArgument(options, "NAME");
    const watched = await ApiClient.of(options).call(SHOW_WATCHED, { name });
    printAnswer(watched, { options, output, render: renderDetail });
    return EXIT_CODE.ok;
  },
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const watched = await ApiClient.of(options).call(LIST_WATCHED);
  printAnswer(watched, { options, output, render: renderList });
  return EXIT_CODE.ok;
}

function renderList({ packages, last_check }: WatchedList, paints: Paints): string {
  if (packages.length === 0) return "No packages are watched. Add one with pkgstash aur add NAME.";
  const now = Date.now();
  const table = renderTable<WatchedReport>(
    [
      { title: "PACKAGE", text: ({ base }) => base, paint: (text) => paints.accent(text) },
      { title: "PUBLISHED", text: ({ published }) => published ?? "-" },
      { title: "ACCEPTED", text: ({ accepted }) => accepted ?? "-" },
      { title: "WAITING", text: ({ candidate }) => candidate ?? "-" },
      { title: "MAINTAINER", text: ({ maintainers }) => maintainers.maintainer ?? "-" },
      {
        title: "STATE",
        text: (watched) => stateText(watched, now),
        paint: (text, { state }) =>
          state === "current" || state === "skipped"
            ? text
            : state === "cooling" || state === "building"
            ? paints.doubtful(text)
            : paints.bad(text),
      },
    ],
    packages,
    paints.title,
  );
  const check = last_check === null
    ? "No check has finished since the daemon started."
    : last_check.failure === null
    ? `Last check: ${agoText(last_check.at, now)}.`
    : paints.bad(visible(`Last check, ${agoText(last_check.at, now)}: ${last_check.failure}.`));
  return `${table}\n\n${check}`;
}

export function stateText({ state, passes_at, problem }: WatchedReport, now: number): string {
  switch (state) {
    case "cooling":
      return passes_at === null
        ? "waits"
        : `passes in ${durationText(Date.parse(passes_at) - now)}`;
    case "approval":
      return "waits for approval";
    case "problem":
      return problem ?? "problem";
    case "gone":
      return "gone from the AUR";
    case "build_held":
      return "build held: pkgstash approvals";
    case "build_failed":
      return "build failed: pkgstash builds";
    case "skipped":
      return "new version skipped";
    default:
      return state;
  }
}

function renderDetail(watched: WatchedDetail, paints: Paints): string {
  const now = Date.now();
  const { maintainers, hold, cool_down, news, decisions, maintainer_history } = watched;
  const facts: [string, string][] = [
    ["Package base", watched.base],
    ["Packages", watched.names.join(", ")],
    ["Description", watched.description ?? "-"],
    ["Source", watched.repository ?? watched.source],
    ["State", stateText(watched, now)],
    ["Published", watched.published ?? "-"],
    ["Accepted", watched.accepted ?? "-"],
    ["Waiting", watched.candidate ?? "-"],
    ["Maintainer", maintainers.maintainer ?? "-"],
    ["Co-maintainers", maintainers.co_maintainers.join(", ") || "-"],
    ["Votes", watched.votes === null ? "-" : `${watched.votes}`],
    ["Needs", watched.needs.join(", ") || "-"],
    ["Added", `${agoText(watched.added.at, now)} by ${watched.added.by}`],
  ];
  if (watched.unmet.length > 0) facts.push(["Not found", watched.unmet.join(", ")]);
  for (const { source, commit } of watched.follows) {
    facts.push(["Follows", commit === null ? source : `${source}, at ${commit.slice(0, 10)}`]);
  }
  if (watched.looked_at !== null) {
    const failure = watched.look_failure === null ? "" : `: ${watched.look_failure}`;
    facts.push(["Checked", `${agoText(watched.looked_at, now)}${failure}`]);
  }
  if (watched.out_of_date !== null) facts.push(["Out of date", agoText(watched.out_of_date, now)]);
  if (hold !== null) facts.push(["Held", `${agoText(hold.at, now)} by ${hold.by}: ${hold.reason}`]);
  if (cool_down !== null) {
    facts.push([
      "Cool-down",
      `${durationText(cool_down.ms)}, by ${cool_down.by}: ${cool_down.reason}`,
    ]);
  }
  if (watched.skipped.length > 0) facts.push(["Skipped", watched.skipped.join(", ")]);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0
      ? []
      : ["", paints.title(title), ...lines.map((line) => `  ${visible(line)}`)];
  return [
    renderFacts(facts, paints),
    ...section("News", news.map(({ at, text }) => `${at.slice(0, 10)}  ${text}`)),
    ...section(
      "Maintainers",
      maintainer_history.map(({ at, maintainer, co_maintainers }) =>
        `since ${at.slice(0, 10)}  ${[maintainer ?? "nobody", ...co_maintainers].join(", ")}`
      ),
    ),
    ...section(
      "Decisions",
      decisions.map(({ at, by, action, version, settings, reason }) =>
        `${at.slice(0, 10)}  ${[action, version, "by", by].filter(Boolean).join(" ")}` +
        `${settings.length === 0 ? "" : ` (${settings.join(", ")})`}` +
        `${reason === "" ? "" : `: ${reason}`}`
      ),
    ),
  ].join("\n");
}
