import {
  type PackageSettings,
  PROPOSE_SETTINGS,
  type SettingsReport,
  SHOW_SETTINGS,
} from "../../api/build_settings.ts";
import {
  formatByteSize,
  formatDuration,
  parseByteSize,
  parseDuration,
} from "../../config/quantities.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import {
  type Command,
  type CommandOption,
  type OptionValues,
  repeatedOption,
  requiredArgument,
} from "../command.ts";
import { EXIT_CODE, type ExitCode, UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { agoText } from "../quantity.ts";
import { type Paints, renderFacts, visible } from "../terminal_text.ts";
import { REASON_OPTION, reasonIn } from "./decision_reason.ts";
import { renderSettingChange } from "./setting_change_text.ts";

const NAME = "NAME";
const ON_OFF = ["on", "off"];
/** Words for "nothing" and for the configured default. */
const NONE = "none";
const USUAL = "usual";

function onOff(name: string, description: string): CommandOption {
  return { name, valueName: "STATE", description, choices: ON_OFF };
}

const NETWORK = onOff("network", "Allow network access in build() and check()");
const CHECK = onOff("check", "Run check()");
const CCACHE = onOff("ccache", "Cache compiler output with ccache");
const SCCACHE = onOff("sccache", "Cache Rust compiler output with sccache");
const SWITCHES = [NETWORK, CHECK, CCACHE, SCCACHE] as const;

const REPRODUCE: CommandOption = {
  name: "reproduce",
  valueName: "STATE",
  description: "Build twice and compare the results",
  choices: [...ON_OFF, USUAL],
};

const VARIABLE: CommandOption = {
  name: "env",
  valueName: "NAME=VALUE",
  description: "Environment variable for makepkg; NAME= removes it; may be repeated",
  isRepeated: true,
};

const PACKAGE: CommandOption = {
  name: "package",
  valueName: "NAME",
  description: "Additional package for the build root; none removes all; may be repeated",
  isRepeated: true,
};

const MAKEPKG_CONF: CommandOption = {
  name: "makepkg-conf",
  valueName: "FILE",
  description: "Lines to add to makepkg.conf; none removes them",
};

const PATCH: CommandOption = {
  name: "patch",
  valueName: "FILE",
  description: "Patch for the package's files; replaces all earlier ones; none removes them; " +
    "may be repeated",
  isRepeated: true,
};

const TIMEOUT: CommandOption = {
  name: "timeout",
  valueName: "TIME",
  description: "Maximum duration of a build, such as 8h, or usual",
};

const MEMORY: CommandOption = {
  name: "memory",
  valueName: "SIZE",
  description: "Maximum memory of a process, such as 16GB, or usual",
};

const DISK: CommandOption = {
  name: "disk",
  valueName: "SIZE",
  description: "Maximum disk space of a build, such as 100GB, or usual",
};

const CHANGES = [
  ...[...SWITCHES, REPRODUCE, VARIABLE, PACKAGE, MAKEPKG_CONF, PATCH, TIMEOUT, MEMORY],
  DISK,
];

export const AUR_SETTINGS_COMMAND: Command = {
  name: "aur settings",
  summary: "Show or change how a package is built",
  description: "Shows the build settings of a package. With options, proposes new settings: " +
    "they need approval like any other change, and once approved, the accepted files are rebuilt " +
    'with them. Options add to settings that are already proposed; "usual" returns to the ' +
    "configured value. Patches are unified diffs against the package's files; they are applied " +
    "to each new version, and a version to which one no longer applies needs review.",
  arguments: [{
    name: NAME,
    description: "Name of a watched package or package base",
    required: true,
  }],
  options: [...CHANGES, REASON_OPTION, JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [
    { command: "pkgstash aur settings yay", description: "Show how yay is built" },
    {
      command: 'pkgstash aur settings foo --network on --reason "it fetches crates"',
      description: "Allow network access in build()",
    },
    {
      command: 'pkgstash aur settings foo --patch fix.diff --check off --reason "fails here"',
      description: "Patch the PKGBUILD and skip check()",
    },
  ],
  run,
};

async function run(options: OptionValues, output: Output): Promise<ExitCode> {
  const name = requiredArgument(options, NAME);
  const client = ApiClient.of(options);
  const before = await client.call(SHOW_SETTINGS, { name });
  const isChange = CHANGES.some((option) => options.has(option.name));
  if (!isChange) {
    printAnswer(before, { options, output, render: renderSettings });
    return EXIT_CODE.ok;
  }
  const settings = await changed(before.proposed?.settings ?? before.settings, options);
  const body = { settings, reason: reasonIn(options) };
  const after = await client.call(PROPOSE_SETTINGS, { name, body });
  printAnswer(after, { options, output, render: renderProposal });
  return EXIT_CODE.ok;
}

async function changed(before: PackageSettings, options: OptionValues): Promise<PackageSettings> {
  const settings = { ...before, environment: { ...before.environment } };
  const isOn = (option: CommandOption, now: boolean) =>
    options.has(option.name) ? options.get(option.name) === "on" : now;
  settings.network = isOn(NETWORK, settings.network);
  settings.check = isOn(CHECK, settings.check);
  settings.ccache = isOn(CCACHE, settings.ccache);
  settings.sccache = isOn(SCCACHE, settings.sccache);
  const reproduce = options.get(REPRODUCE.name);
  if (reproduce !== undefined) {
    settings.reproduce = reproduce === USUAL ? null : reproduce === "on";
  }
  for (const text of repeatedOption(options, VARIABLE)) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) throw new UsageError(`--env must be NAME=VALUE, not ${text}.`);
    if (value === "") delete settings.environment[name];
    else settings.environment[name] = value!;
  }
  const packages = repeatedOption(options, PACKAGE);
  if (packages.length > 0) settings.packages = packages.filter((name) => name !== NONE);
  const [conf] = repeatedOption(options, MAKEPKG_CONF);
  if (conf !== undefined) settings.makepkg_conf = conf === NONE ? "" : await textIn(conf);
  const patches = repeatedOption(options, PATCH).filter((path) => path !== NONE);
  if (options.has(PATCH.name)) settings.patches = await Promise.all(patches.map(textIn));
  settings.timeout_ms = quantity(options, TIMEOUT, parseDuration, settings.timeout_ms);
  settings.memory_bytes = quantity(options, MEMORY, parseByteSize, settings.memory_bytes);
  settings.disk_bytes = quantity(options, DISK, parseByteSize, settings.disk_bytes);
  return settings;
}

function quantity(
  options: OptionValues,
  { name, valueName }: CommandOption,
  parse: (text: string) => number | null,
  now: number | null,
): number | null {
  const text = options.get(name);
  if (text === undefined) return now;
  if (text === USUAL) return null;
  const value = parse(text);
  if (value !== null && value > 0) return value;
  throw new UsageError(`Wrong value "${text}". Usage: --${name} ${valueName}, or ${USUAL}`);
}

async function textIn(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  if (text.trim() === "") throw new UsageError(`${path} is empty. Use ${NONE} for nothing.`);
  return text;
}

function renderProposal(report: SettingsReport, paints: Paints): string {
  const { base, proposed } = report;
  if (proposed === null) {
    return `${visible(base)} is already built like this. Nothing was ` +
      "proposed.";
  }
  const next = proposed.approval === null
    ? "You can approve this once its files are known and it is not held."
    : `Review with pkgstash approvals show ${visible(base)}, then approve ${proposed.approval}.`;
  return [
    `Proposed for ${paints.accent(visible(base))}:`,
    ...proposed.changes.flatMap((change) => renderSettingChange(change, paints)),
    "",
    next,
  ].join("\n");
}

function renderSettings(report: SettingsReport, paints: Paints): string {
  const { base, settings, approved, proposed } = report;
  const now = Date.now();
  const state = (isOn: boolean) => isOn ? "on" : "off";
  const size = (bytes: number | null) => bytes === null ? USUAL : formatByteSize(bytes);
  const facts: [string, string][] = [
    ["Package base", base],
    ["Network", state(settings.network)],
    ["check()", state(settings.check)],
    ["ccache", state(settings.ccache)],
    ["sccache", state(settings.sccache)],
    ["Reproduce", settings.reproduce === null ? USUAL : state(settings.reproduce)],
    ["Packages", settings.packages.join(", ") || "-"],
    ["Timeout", settings.timeout_ms === null ? USUAL : formatDuration(settings.timeout_ms)],
    ["Memory", size(settings.memory_bytes)],
    ["Disk", size(settings.disk_bytes)],
    [
      "Approved",
      approved === null
        ? "defaults, which need no approval"
        : `${agoText(approved.at, now)} by ${approved.by}: ${approved.reason || "-"}`,
    ],
  ];
  const texts = [
    ...Object.entries(settings.environment).map(([name, value]) => ["env", `${name}=${value}`]),
    ...settings.makepkg_conf === "" ? [] : [["makepkg.conf", settings.makepkg_conf]],
    ...settings.patches.map((text, index) => [`patch ${index + 1}`, text]),
  ] as [string, string][];
  return [
    renderFacts(facts, paints),
    ...texts.flatMap(([name, text]) => [
      "",
      paints.title(name),
      ...text.trimEnd().split("\n").map((line) => `  ${visible(line)}`),
    ]),
    ...proposed === null ? [] : [
      "",
      paints.doubtful(
        visible(`Proposed ${agoText(proposed.at, now)} by ${proposed.by}: ${proposed.reason}`),
      ),
      ...proposed.changes.flatMap((change) => renderSettingChange(change, paints)),
      ...proposed.approval === null ? [] : [
        "",
        `Review with pkgstash approvals show ${visible(base)}, then approve ${proposed.approval}.`,
      ],
    ],
  ].join("\n");
}
