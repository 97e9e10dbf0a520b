import { parseArgs } from "@std/cli/parse-args";
import { daemonUrl } from "../api_client/endpoint_request.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { configureLogging, eventLogger, flushLog } from "../platform/observability/logging.ts";
import { versionLine } from "../version.ts";
import { Builder } from "./builder.ts";
import { DaemonClient, DaemonError } from "./daemon_client.ts";
import { HELP } from "./help.ts";
import { Looker } from "./looks/looker.ts";
import { checkMachine, detectMapping, type Finding } from "./machine_check.ts";
import { RootMaker } from "./roots/root_maker.ts";
import { readSettings } from "./settings.ts";
import { StateDirectory } from "./state_directory.ts";

const log = eventLogger("builder");

/** Runs one command line of `pkgstash-builder`, and returns its exit code. */
export async function runBuilder(args: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const parsed = parseArgs([...args], {
    boolean: ["help", "version"],
    string: ["config"],
    alias: { help: "h" },
    unknown: (word) => {
      if (word.startsWith("-")) unknown.push(word);
      return !word.startsWith("-");
    },
  });
  const [command = "run", ...others] = parsed._.map(String);
  const config = parsed["config"] as string | undefined;
  if (parsed["help"] || command === "help") return print(HELP);
  if (parsed["version"]) return print(versionLine().replace("pkgstash", "pkgstash-builder"));
  const wrong = unknown[0] ?? others[0] ?? (["run", "check"].includes(command) ? null : command);
  if (wrong !== null) {
    console.error(
      `pkgstash-builder: Unknown argument "${wrong}".\n` +
        'Try "pkgstash-builder --help" for more information.',
    );
    return 2;
  }
  try {
    return await (command === "check" ? check(config) : run(config));
  } catch (error) {
    if (!(error instanceof PkgstashError) && !(error instanceof DaemonError)) throw error;
    console.error(`pkgstash-builder: ${error.message}`);
    return 1;
  } finally {
    await flushLog();
  }
}

async function check(config: string | undefined): Promise<number> {
  const { settings } = await readSettings(config);
  const findings = await checkMachine(settings);
  for (const finding of findings) console.log(lineOf(finding));
  return findings.some(({ state }) => state === "failure") ? 1 : 0;
}

function lineOf({ state, what, advice }: Finding): string {
  const mark = state === "ok" ? "ok     " : state === "warning" ? "WARNING" : "FAILURE";
  return `${mark}  ${what}${advice === null ? "" : `\n         ${advice}`}`;
}

async function run(config: string | undefined): Promise<number> {
  const { settings, token } = await readSettings(config);
  configureLogging({ level: settings.logLevel, format: "text", secrets: [token] });
  for (const { state, what, advice } of await checkMachine(settings)) {
    if (state === "failure") {
      throw new PkgstashError("conflict", `Cannot build on this machine: ${what}. ${advice}`);
    }
    if (state === "warning") log.warn(what, { advice });
  }
  const mapping = await detectMapping();
  if (mapping === null) throw new Error("User namespaces have just disappeared");
  using state = await StateDirectory.open(settings.stateDirectory, {
    mapping,
    base: settings.rootBase,
  });
  const client = new DaemonClient(daemonUrl(settings.url) ?? settings.url, token);
  const roots = new RootMaker(state.rootStore, state.databases, mapping);
  const looker = await Looker.open(client, state, mapping);
  const builder = new Builder({ client, settings, state, mapping, roots, looker });
  const stop = () => {
    log.info("stopping; running jobs return to the queue");
    builder.stop();
  };
  Deno.addSignalListener("SIGTERM", stop);
  Deno.addSignalListener("SIGINT", stop);
  log.info("waiting for jobs", { daemon: client.url, mapping, concurrency: settings.concurrency });
  try {
    await builder.run();
  } finally {
    Deno.removeSignalListener("SIGTERM", stop);
    Deno.removeSignalListener("SIGINT", stop);
  }
  log.info("stopped");
  return 0;
}

function print(text: string): number {
  console.log(text);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await runBuilder(Deno.args));
  } catch (error) {
    console.error(`pkgstash-builder: ${reasonOf(error)}`);
    throw error;
  }
}
