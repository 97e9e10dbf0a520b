import {
  APPROVE_BUILD,
  BUILD_STATES,
  type BuilderReport,
  type BuildReport,
  CANCEL_BUILD,
  LIST_BUILDERS,
  LIST_BUILDS,
  REBUILD_PACKAGE,
  REFUSE_BUILD,
  RETRY_BUILD,
} from "../../api/builds.ts";
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
import { agoText, countText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";
import { BUILDS_LOG_COMMAND } from "./builds_log.ts";
import { BUILDS_SHOW_COMMAND } from "./builds_show.ts";
import { BUILD, buildTitle, statePaint, stateText } from "./build_texts.ts";

const OPTIONS = [JSON_OPTION, ...CONNECTION_OPTIONS];

const REASON: CommandOption = {
  name: "reason",
  valueName: "TEXT",
  description: "Reason, recorded in the build's history",
};

const LIST: Omit<Command, "name"> = {
  summary: "List builds and builders",
  description:
    "Lists builds, newest first, with what each is waiting for or why it failed, and the " +
    "builders seen since the daemon started.",
  options: [
    {
      name: "state",
      valueName: "STATE",
      description: "Only builds in this state",
      choices: BUILD_STATES,
    },
    {
      name: "package",
      valueName: "NAME",
      completion: "built packages",
      description: "Only builds of this package",
    },
    {
      name: "limit",
      valueName: "NUMBER",
      description: "Maximum number of entries, up to 1000 (default: 50)",
    },
    ...OPTIONS,
  ],
  examples: [
    { command: "pkgstash builds", description: "The latest builds" },
    { command: "pkgstash builds list --state held", description: "Builds that need a decision" },
  ],
  run: list,
};

export const BUILDS_COMMAND: Command = {
  ...LIST,
  name: "builds",
  subcommands: [
    { ...LIST, name: "builds list" },
    BUILDS_SHOW_COMMAND,
    BUILDS_LOG_COMMAND,
    {
      name: "builds cancel",
      summary: "Cancel a build",
      description:
        "Cancels a build that is not yet published. Its builder stops at the next heartbeat; " +
        "the log is kept.",
      arguments: [BUILD],
      options: [REASON, ...OPTIONS],
      examples: [{ command: "pkgstash builds cancel foo", description: "The latest build of foo" }],
      run: (options, output) => act(options, output, CANCEL_BUILD),
    },
    {
      name: "builds retry",
      summary: "Retry a build",
      description: "Requeues a build that failed, was cancelled, or was lost with its builder.",
      arguments: [BUILD],
      options: [REASON, ...OPTIONS],
      examples: [{ command: "pkgstash builds retry 42", description: "Build 42" }],
      run: (options, output) => act(options, output, RETRY_BUILD),
    },
    {
      name: "builds approve",
      summary: "Approve a held build",
      description: "Publishes the packages of a held build unchanged, or builds it with the " +
        'metadata that its PKGBUILD printed. "pkgstash builds show" lists what is unusual about it.',
      arguments: [BUILD],
      options: [REASON, ...OPTIONS],
      examples: [{
        command: 'pkgstash builds approve foo --reason "it needs setuid"',
        description: "The latest build of foo",
      }],
      run: (options, output) => act(options, output, APPROVE_BUILD),
    },
    {
      name: "builds refuse",
      summary: "Refuse a held build",
      description: "Ends a held build and discards its packages. Published packages stay.",
      arguments: [BUILD],
      options: [REASON, ...OPTIONS],
      examples: [{ command: "pkgstash builds refuse foo", description: "The latest build of foo" }],
      run: (options, output) => act(options, output, REFUSE_BUILD),
    },
    {
      name: "builds rebuild",
      summary: "Rebuild a published package",
      description:
        "Queues the last published sources again with pkgrel raised by 0.1, for example after a " +
        "library has changed.",
      arguments: [{
        name: "PACKAGE",
        description: "Name of a package or package base",
        required: true,
        completion: "built packages",
      }],
      options: [REASON, ...OPTIONS],
      examples: [{
        command: 'pkgstash builds rebuild foo --reason "libbar.so=6"',
        description: "foo 1.0-1 becomes foo 1.0-1.1",
      }],
      run: rebuild,
    },
  ],
};

async function list(options: OptionValues, output: Output): Promise<ExitCode> {
  const client = ApiClient.of(options);
  const state = options.get("state") as BuildReport["state"] | undefined;
  const { builds } = await client.call(LIST_BUILDS, {
    state,
    package: options.get("package"),
    limit: options.get("limit"),
  });
  const { builders } = await client.call(LIST_BUILDERS);
  printAnswer({ builds, builders }, { options, output, render: renderBuilds });
  return EXIT_CODE.ok;
}

type Action = typeof CANCEL_BUILD | typeof RETRY_BUILD | typeof APPROVE_BUILD | typeof REFUSE_BUILD;

async function act(options: OptionValues, output: Output, action: Action): Promise<ExitCode> {
  const build = requiredArgument(options, BUILD.name);
  const client = ApiClient.of(options);
  const input = { build, body: { reason: options.get(REASON.name) ?? "" } };
  const report: BuildReport = await client.call(action as typeof CANCEL_BUILD, input);
  printAnswer(report, {
    options,
    output,
    render: (each, paints) => `${buildTitle(each, paints)}: ${stateText(each)}`,
  });
  return EXIT_CODE.ok;
}

async function rebuild(options: OptionValues, output: Output): Promise<ExitCode> {
  const answer = await ApiClient.of(options).call(REBUILD_PACKAGE, {
    body: {
      package: requiredArgument(options, "PACKAGE"),
      reason: options.get(REASON.name) ?? "",
    },
  });
  printAnswer(answer, {
    options,
    output,
    render: ({ builds }, paints) =>
      builds.map((each) => `Queued ${buildTitle(each, paints)}.`).join("\n"),
  });
  return EXIT_CODE.ok;
}

function renderBuilds(
  { builds, builders }: {
    builds: readonly BuildReport[];
    builders: readonly BuilderReport[];
  },
  paints: Paints,
): string {
  const now = Date.now();
  return [
    builds.length === 0 ? "There are no builds." : renderTable<BuildReport>(
      [
        { title: "BUILD", align: "right", text: ({ number }) => `${number}` },
        {
          title: "PACKAGE",
          text: ({ package_base }) => package_base,
          paint: (text) => paints.accent(text),
        },
        { title: "VERSION", text: ({ version }) => version },
        { title: "FOR", text: ({ architecture }) => architecture },
        { title: "BUILDER", text: ({ builder }) => builder ?? "-" },
        { title: "SINCE", text: (each) => agoText(each.ended_at ?? each.created_at, now) },
        {
          title: "STATE",
          text: stateText,
          paint: (text, { state }) => statePaint(state, paints)(text),
        },
      ],
      builds,
      paints.title,
    ),
    "",
    buildersText(builders, now),
  ].join("\n");
}

function buildersText(builders: readonly BuilderReport[], now: number): string {
  if (builders.length === 0) {
    return "No builder has connected since the daemon started. See pkgstash token create " +
      "--builder.";
  }
  return builders.map(({ name, version, architectures, seen_at, building }) =>
    `Builder ${name} (${version}, ${architectures.join(", ")}): ${
      building.length === 0 ? "idle" : `has ${countText(building.length, "build")}`
    }, last seen ${agoText(seen_at, now)}.`
  ).join("\n");
}
