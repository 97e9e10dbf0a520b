import { Administration } from "./administration/administration.ts";
import type { Deed } from "./administration/activity.ts";
import { Building } from "./building/building.ts";
import type { Config } from "./config/config.ts";
import { lossesOf } from "./config/losses.ts";
import { type Setting, SETTINGS } from "./config/settings.ts";
import { webUserWarnings } from "./config/web_users.ts";
import { History } from "./history/history.ts";
import { Mirroring } from "./mirroring/mirroring.ts";
import { eventLogger } from "./platform/observability/logging.ts";
import { Metrics } from "./platform/observability/metrics.ts";
import { readCredential } from "./platform/systemd/credential.ts";
import { Publishing } from "./publishing/publishing.ts";
import { AccessRules } from "./server/access_rules.ts";
import { recordActivity } from "./server/activity.ts";
import { OpenStreams } from "./server/admin/open_streams.ts";
import { Sessions } from "./server/admin/sessions.ts";
import type { Context, Provenance } from "./server/context.ts";
import { createHandler } from "./server/handler.ts";
import { observeState } from "./server/state_metrics.ts";
import { Server } from "./server/server.ts";
import { DAEMON, VERSION } from "./version.ts";

const log = eventLogger("app");

/** Where a configuration comes from, if known. */
type Source = Pick<Provenance, "origins" | "file">;

const UNKNOWN_SOURCE: Source = { origins: new Map(), file: null };

/** The systemd credential that locks the signing keys. */
const PASSPHRASE_CREDENTIAL = "pkgstash.signing_passphrase";

/** The context of all requests; only the daemon changes it. */
type OwnContext = Context & { config: Config; access: AccessRules; provenance: Provenance };

/** The daemon: its wings behind one server, started, reloaded and stopped in order. */
export class App implements AsyncDisposable {
  readonly #mirroring: Mirroring;
  readonly #publishing: Publishing;
  readonly #building: Building;
  readonly #server: Server;
  readonly #context: OwnContext;
  #stopped: Promise<void> | null = null;

  private constructor(server: Server, context: OwnContext) {
    this.#mirroring = context.mirroring;
    this.#publishing = context.publishing;
    this.#building = context.building;
    this.#server = server;
    this.#context = context;
  }

  /** Takes possession of the cache directory and starts listening. */
  static async start(config: Config, source = UNKNOWN_SOURCE): Promise<App> {
    const startedAt = { wall: Date.now(), monotonic: performance.now() };
    const metrics = new Metrics();
    const history = new History(config, metrics);
    const mirroring = await Mirroring.open(config, metrics, history);
    let publishing: Publishing | null = null;
    let building: Building | null = null;
    try {
      publishing = await Publishing.open(config, {
        readPassphrase: () => readCredential(PASSPHRASE_CREDENTIAL),
        namesakes: (names) => mirroring.served.namesakesOf(names),
      });
      // Requests are counted before it is open, and nobody waits for it.
      history.open();
      const administration = new Administration(config.stateRoot);
      building = await Building.open(config, {
        publishing,
        mirrored: mirroring.served,
        record: (action, details) =>
          administration.events.record({
            who: DAEMON,
            address: "",
            action,
            request: "",
            details,
          }),
      });
      const context = {
        config,
        provenance: { ...source, readAt: startedAt.wall, failure: null },
        access: new AccessRules(config),
        administration,
        mirroring,
        publishing,
        building,
        metrics,
        sessions: new Sessions(administration),
        history,
        streams: new OpenStreams(),
        startedAt,
      };
      observeState(context);
      recordActivity(context);
      building.builds.listen({
        onAttemptEnded: ({ attempts }) => {
          const { outcome = null, startedAt = 0, endedAt = null } = attempts.at(-1) ?? {};
          metrics.recordBuildAttempt(outcome ?? "", ((endedAt ?? startedAt) - startedAt) / 1000);
        },
      });
      const server = await Server.listen(config, {
        handler: createHandler(context),
        limits: () => context.config,
        isProxy: (address) => context.access.isTrusted(address),
      });
      mirroring.onDatabase(() => context.building.rebuilds.look());
      building.start();
      administration.activity.note(deedOf("Start"));
      warnOfWebUsers(config);
      return new App(server, context);
    } catch (error) {
      await building?.stop();
      await history.close();
      await publishing?.stop();
      await mirroring.stop();
      throw error;
    }
  }

  /** Where it listens, e.g. `http://[::]:8090`. */
  get url(): string {
    return this.#server.url;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#context.config;
  }

  /** The AUR packages and their builds. */
  get builds(): Building["builds"] {
    return this.#building.builds;
  }

  /** Applies a new configuration to every further request; if it throws, the old one stays. */
  reconfigure(config: Config, source = UNKNOWN_SOURCE): void {
    const fixed = Object.entries<Setting<unknown>>(SETTINGS).filter(([property, setting]) => {
      const key = property as keyof typeof SETTINGS;
      return setting.needsRestart && config[key] !== this.config[key];
    });
    if (fixed.length > 0) {
      const keys = fixed.map(([, { name }]) => name).join(", ");
      log.warn("some changes need a restart", { keys });
    }
    this.#mirroring.reconfigure(config);
    this.#publishing.reconfigure(config);
    this.#building.reconfigure(config);
    this.#context.history.reconfigure(config);
    const losses = lossesOf(this.config, config);
    if (losses.length > 0) {
      log.warn("the new configuration drops settings of the old one", {
        losses: losses.join("; "),
      });
    }
    warnOfWebUsers(config);
    this.#context.config = config;
    this.#context.provenance = { ...source, readAt: Date.now(), failure: null };
    this.#context.access = new AccessRules(config);
    this.#context.administration.activity.note(deedOf("Apply a changed configuration"));
  }

  /** Keeps the configuration in force, for this reason, although a later one exists. */
  keepConfiguration(failure: string): void {
    this.#context.provenance = { ...this.#context.provenance, failure };
  }

  /** Stops gracefully: accepts nothing new, drains transfers, keeps part files for the next start. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    // Stop background work first, so that clients get the whole drain time.
    const background = this.#mirroring.stopBackground();
    this.#building.letGo();
    // A page's event stream never ends by itself, so the server would wait for it.
    this.#context.streams.close();
    await this.#server.stop(this.config.drainTimeoutMs);
    await background;
    await this.#building.stop();
    // Before the state directory, which contains its database, is released.
    await this.#context.history.close();
    await this.#publishing.stop();
    await this.#mirroring.stop();
    this.#context.administration.activity.note(deedOf("Stop"));
    await this.#context.administration.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** An event about the daemon itself. */
function deedOf(action: string): Deed {
  return { kind: "daemon", action, subject: "", details: { version: VERSION } };
}

function warnOfWebUsers(config: Config): void {
  for (const reason of webUserWarnings(config)) {
    log.warn("check the users of the web admin", { reason });
  }
}
