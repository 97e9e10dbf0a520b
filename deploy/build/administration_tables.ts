import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { argumentText, type Command, type CommandOption } from "../../src/cli/command.ts";
import { EXIT_CODE_MEANINGS } from "../../src/cli/errors.ts";
import { Metrics } from "../../src/platform/observability/metrics.ts";
import { History } from "../../src/history/history.ts";
import { STATE_METRICS } from "../../src/server/state_metrics.ts";
import { allCommands } from "./all_commands.ts";
import { code, table } from "./markdown.ts";

/** Options that many commands share, which docs/administration.md explains once. */
const SHARED_OPTIONS = ["config", "json", "url", "token-file"];

/** The generated parts of docs/administration.md, by name. */
export async function administrationTables(
  commands: readonly Command[],
): Promise<Record<string, string>> {
  return {
    commands: table(
      ["command", "what it does"],
      allCommands(commands).map((command) => [code(synopsisOf(command)), `${command.summary}.`]),
    ),
    "exit codes": table(
      ["exit code", "meaning"],
      EXIT_CODE_MEANINGS.map(([exitCode, meaning]) => [code(String(exitCode)), `${meaning}.`]),
    ),
    endpoints: table(
      ["endpoint", "what it does"],
      ENDPOINTS.map(({ method, path, summary }) => [
        code(`${method} ${path.replace("{+", "{")}`),
        `${summary}.`,
      ]),
    ),
    metrics: table(["metric", "type", "meaning"], await metricRows()),
  };
}

function synopsisOf({ name, arguments: positionals = [], options }: Command): string {
  const own = options.filter((option) => !SHARED_OPTIONS.includes(option.name));
  return [
    "pkgstash",
    name,
    ...positionals.map(argumentText),
    ...own.map((option) => `[${spellingOf(option)}]`),
  ].join(" ");
}

function spellingOf({ name, valueName }: CommandOption): string {
  return valueName === null ? `--${name}` : `--${name} ${valueName}`;
}

/** Name, type and help of each metric, from the text that Prometheus reads. */
async function metricRows(): Promise<string[][]> {
  const metrics = new Metrics();
  new History({ stateRoot: "", resolveClientNames: false }, metrics);
  metrics.observeCacheSize(() => 0);
  const text = await metrics.text();
  return [
    ...[...text.matchAll(/^# HELP (\S+) (.+)\n# TYPE \1 (\w+)$/gm)]
      .map(([, name, help, type]) => [code(name!), type!, help!]),
    ...STATE_METRICS.map(({ name, help }) => [code(name), "gauge", help]),
  ];
}
