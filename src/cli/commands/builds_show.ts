import { type BuildDetails, SHOW_BUILD } from "../../api/builds.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import { type Command, requiredArgument } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { bytesText, durationText, timeText } from "../quantity.ts";
import { type Paints, renderFacts, visible } from "../terminal_text.ts";
import { BUILD, buildTitle, stateText } from "./build_texts.ts";

export const BUILDS_SHOW_COMMAND: Command = {
  name: "builds show",
  summary: "Show a build",
  description: "Shows who approved a build, its attempts, its packages and, if it is held, what " +
    "is unusual about them.",
  arguments: [BUILD],
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [
    { command: "pkgstash builds show foo", description: "The latest build of foo" },
    { command: "pkgstash builds show 42 --json", description: "Build 42, for scripts" },
  ],
  run: async (options, output) => {
    const build = requiredArgument(options, BUILD.name);
    const details = await ApiClient.of(options).call(SHOW_BUILD, { build });
    printAnswer(details, { options, output, render: renderBuild });
    return EXIT_CODE.ok;
  },
};

function renderBuild(build: BuildDetails, paints: Paints): string {
  const { repository, needs, tree_hash, created_at, approved, released, ended_by } = build;
  const title = buildTitle(build, paints);
  return [
    title.charAt(0).toUpperCase() + title.slice(1),
    renderFacts([
      ["State", stateText(build)],
      ["Reason", build.reason || "-"],
      ["Packages", build.package_names.join(", ")],
      ["Repository", repository],
      ...needs.length === 0 ? [] : [["Needs", needs.join(", ")] as const],
      ["Queued", timeText(created_at)],
      ["Approved", approvalText(approved)],
      ...released === null ? [] : [["Released", approvalText(released)] as const],
      ...ended_by === null ? [] : [["Ended", approvalText(ended_by)] as const],
      ["Settings", settingsText(build)],
      ["Files", `SHA-256 ${tree_hash}`],
    ], paints),
    ...section("Attempts", build.attempts.map(attemptText), paints),
    ...section(
      "Built",
      build.products.map(({ file, bytes }) => `${file}, ${bytesText(bytes)}`),
      paints,
    ),
    ...section("Review before you approve", factLines(build), paints),
  ].join("\n");
}

function section(title: string, lines: readonly string[], paints: Paints): string[] {
  if (lines.length === 0) return [];
  return ["", paints.title(title), ...lines.map((line) => `  ${visible(line)}`)];
}

function attemptText(
  { number, builder, started_at, ended_at, outcome, failure }: BuildDetails["attempts"][number],
): string {
  const took = ended_at === null
    ? "in progress"
    : `${outcome} after ${durationText(Date.parse(ended_at) - Date.parse(started_at))}`;
  const why = failure === null ? "" : `: ${failure.class.replaceAll("_", " ")}, ${failure.reason}`;
  return `${number}  ${timeText(started_at)}  ${builder}, ${took}${why}`;
}

function factLines({ hold }: BuildDetails): string[] {
  if (hold === null) return [];
  if (hold.facts.length === 0) return [hold.reason];
  return hold.facts.map(({ package: name, reason, before, after }) => {
    const change = before === null ? after : `${before} -> ${after ?? "nothing"}`;
    return `${name}: ${reason}${change === null ? "" : ` (${change})`}`;
  });
}

/** The settings that differ from the defaults. */
function settingsText({ settings }: BuildDetails): string {
  const words = [
    ...settings.network ? ["network while building"] : [],
    ...settings.check ? [] : ["no check()"],
    ...settings.ccache ? ["ccache"] : [],
    ...settings.sccache ? ["sccache"] : [],
    ...settings.reproduce === null ? [] : [settings.reproduce ? "built twice" : "built once"],
    ...settings.makepkg_conf === "" ? [] : ["added makepkg.conf lines"],
    ...Object.keys(settings.environment),
    ...settings.packages,
    ...settings.timeout_ms === null ? [] : [`timeout ${durationText(settings.timeout_ms)}`],
    ...settings.memory_bytes === null ? [] : [`memory ${bytesText(settings.memory_bytes)}`],
    ...settings.disk_bytes === null ? [] : [`disk ${bytesText(settings.disk_bytes)}`],
    ...settings.patches.length === 0 ? [] : [`${settings.patches.length} patches`],
  ];
  return words.length === 0 ? "usual" : words.join(", ");
}

function approvalText({ by, at, reason }: BuildDetails["approved"]): string {
  return `by ${by}, ${timeText(at)}${reason === "" ? "" : `: ${reason}`}`;
}
