import { resolve } from "@std/path";
import { App } from "./app.ts";
import type { Config } from "./config/config.ts";
import { secretsIn } from "./config/credentials.ts";
import { DEFAULT_DAEMON_URL } from "./config/default_url.ts";
import { madeTokenFile, makeToken } from "./config/made_token.ts";
import { DEFAULT_STATE_ROOT } from "./config/out_of_reach.ts";
import { type EffectiveConfig, readConfig } from "./config/read_config.ts";
import { reasonOf } from "./errors.ts";
import type { LogLevel } from "./log_level.ts";
import {
  configureLogging,
  eventLogger,
  flushLog,
  printLine,
} from "./platform/observability/logging.ts";
import { isJournal } from "./platform/systemd/journal.ts";
import { notifyEnvironment, ServiceManager } from "./platform/systemd/service_manager.ts";
import { hostName } from "./platform/host_name.ts";

const log = eventLogger("serve");

/** How long closing may take once all transfers have ended. */
const CLOSE_TIMEOUT_MS = 15_000;

/** `deno task` passes Ctrl-C on, so a terminal sends it twice: within this time, it counts once. */
const SAME_INTERRUPT_MS = 2000;

/** The exit code of a daemon that a second signal ended. */
const EXIT_CUT_OFF = 1;

export interface ServeOptions {
  configPath?: string;
  /** Overrides the configuration. */
  logLevel?: LogLevel;
  /** Whether the daemon creates a token if none is configured. */
  makeToken?: boolean;
}

/** Runs the daemon until SIGTERM or SIGINT; SIGHUP reloads the configuration. */
export async function serve(options: ServeOptions): Promise<void> {
  const effective = await readOptions(options);
  startLogging(effective.config, options);
  try {
    await runDaemon(effective, options);
  } finally {
    await flushLog();
  }
}

/** The configuration, with the token that the daemon made if it has no other. */
async function readOptions({ configPath, makeToken: mayMake }: ServeOptions) {
  const effective = await readConfig(configPath);
  const { config, origins } = effective;
  if (!mayMake || config.token !== null) return effective;
  const token = await makeToken(config.stateRoot);
  return {
    ...effective,
    config: { ...config, token },
    origins: new Map([...origins, ["token", madeTokenFile(config.stateRoot)]]),
  };
}

async function runDaemon(effective: EffectiveConfig, options: ServeOptions): Promise<void> {
  const { config } = effective;
  const app = await App.start(config, effective);
  announce(app, effective);
  using manager = connectToManager(config);

  const reload = async () => {
    try {
      const fresh = await readOptions(options);
      app.reconfigure(fresh.config, fresh);
      startLogging(fresh.config, options);
      log.info("configuration reloaded");
      await manager?.reportStatus(statusOf(app));
    } catch (error) {
      const reason = reasonOf(error);
      log.error("cannot reload the configuration, keeping the old one", { reason });
      app.keepConfiguration(reason);
      await manager?.reportStatus(`${statusOf(app)}, without the changed configuration: ${reason}`);
    }
  };
  const stopped = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = () => {
    if (isStopping) return void endAtOnce();
    isStopping = true;
    log.info("stopping", { drain_ms: app.config.drainTimeoutMs });
    stopped.resolve();
  };
  let interruptedAt = -Infinity;
  const interrupt = () => {
    const now = performance.now();
    if (now - interruptedAt < SAME_INTERRUPT_MS) return;
    interruptedAt = now;
    stop();
  };
  Deno.addSignalListener("SIGHUP", reload);
  Deno.addSignalListener("SIGTERM", stop);
  Deno.addSignalListener("SIGINT", interrupt);
  await manager?.reportReady(statusOf(app));
  await stopped.promise;
  await manager?.reportStopping(app.config.drainTimeoutMs + CLOSE_TIMEOUT_MS);
  await app.stop();
  Deno.removeSignalListener("SIGHUP", reload);
  Deno.removeSignalListener("SIGTERM", stop);
  Deno.removeSignalListener("SIGINT", interrupt);
  log.info("stopped");
}

/**
 * Ends the process on a second signal, without waiting for transfers. Nothing is lost: everything on
 * disk is as after a power failure, from which a start recovers.
 */
async function endAtOnce(): Promise<never> {
  log.warn("stopping at once, aborting transfers");
  await flushLog();
  Deno.exit(EXIT_CUT_OFF);
}

function startLogging(config: Config, { logLevel }: ServeOptions): void {
  configureLogging({
    level: logLevel ?? config.logLevel,
    format: config.logFormat,
    isJournal: isJournal((name) => Deno.env.get(name)),
    secrets: [
      ...(config.token === null ? [] : [config.token]),
      ...Object.values(config.notifySecrets),
      ...config.upstreams.flatMap(({ secretHeaders }) => secretsIn(secretHeaders)),
    ],
  });
}

function connectToManager(config: Config): ServiceManager | null {
  const environment = notifyEnvironment((name) => Deno.env.get(name), Deno.pid);
  if (environment === null) return null;
  return ServiceManager.connect(environment, config.cacheRoot);
}

function statusOf(app: App): string {
  return `Serving on ${reachableUrls(app.url, hostName()).here}`;
}

function announce(app: App, { origins }: EffectiveConfig): void {
  const { config } = app;
  const { here, elsewhere } = reachableUrls(app.url, hostName());
  const lines = config.upstreams.map(({ clientPath }) => `Server = ${elsewhere}/${clientPath}`);
  if (config.logFormat === "json") {
    log.info("listening", { url: here, cache_root: config.cacheRoot, mirrorlist: lines });
    return;
  }
  printLine(`pkgstash is listening on ${here === elsewhere ? here : `${here} and ${elsewhere}`}
  and keeps packages in ${config.cacheRoot}

To use it, add this at the top of the clients' /etc/pacman.d/mirrorlist, then run pacman -Syu:
${lines.map((line) => `  ${line}`).join("\n")}

${administrationText(config, origins, here)}
`);
}

/**
 * Base URLs that work on this machine and on others, for a daemon that listens on `url`: the address
 * that stands for all addresses, such as `[::]`, is replaced, since no browser opens it.
 */
export function reachableUrls(url: string, machine: string): { here: string; elsewhere: string } {
  const on = (host: string) => url.replace(/\/\/(?:0\.0\.0\.0|\[::\])/, `//${host}`);
  return { here: on("localhost"), elsewhere: on(machine) };
}

/** How the administrator reaches the daemon at `url`, with the options that commands need for it. */
function administrationText(
  { token, stateRoot }: Config,
  origins: EffectiveConfig["origins"],
  url: string,
): string {
  if (token === null) {
    return "Commands such as pkgstash status need a token: set PKGSTASH_TOKEN or start with " +
      "--make-token.";
  }
  const tokenFile = madeTokenFile(stateRoot);
  const isMade = origins.get("token") === tokenFile;
  const command = [
    ...(Deno.build.standalone ? [] : ["deno task"]),
    "pkgstash status",
    ...(url === DEFAULT_DAEMON_URL ? [] : [`--url ${url}`]),
    ...(isMade && tokenFile !== resolve(madeTokenFile(DEFAULT_STATE_ROOT))
      ? [`--token-file ${tokenFile}`]
      : []),
  ].join(" ");
  const page = `${url}/admin/`;
  return isMade
    ? `The administrator's token is in ${tokenFile}.\nSign in with it at ${page}, or run: ${command}`
    : `Sign in with the administrator's token at ${page}, or run: ${command}`;
}
