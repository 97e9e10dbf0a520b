import type { Config } from "./config/config.ts";
import { Mirroring } from "./mirroring/mirroring.ts";
import { eventLogger } from "./platform/observability/logging.ts";
import { Metrics } from "./platform/observability/metrics.ts";
import { createHandler, type Services } from "./server/handler.ts";
import { Server } from "./server/server.ts";

const log = eventLogger("app");

/** Keys that a running daemon cannot change. */
const FIXED = ["cacheRoot", "listenAddress", "port", "tlsCertificate", "tlsKey"] as const;

interface Context {
  config: Config;
  readonly mirroring: Mirroring;
  readonly metrics: Metrics;
  readonly startedAt: number;
}

/** The daemon: its wings behind one server, and the order in which they start, reload and stop. */
export class App implements AsyncDisposable {
  readonly #mirroring: Mirroring;
  readonly #server: Server;
  readonly #context: Context;
  #stopped: Promise<void> | null = null;

  private constructor(mirroring: Mirroring, server: Server, context: Context) {
    this.#mirroring = mirroring;
    this.#server = server;
    this.#context = context;
  }

  /** Takes the cache directory and begins to listen. */
  static async start(config: Config): Promise<App> {
    const startedAt = Date.now();
    const metrics = new Metrics();
    const mirroring = await Mirroring.open(config, metrics);
    // The handler asks for its context at each request, so that a reload applies from the next one.
    const context = { config, mirroring, metrics, startedAt };
    try {
      const server = await Server.listen(config, createHandler(() => servicesOf(context)));
      return new App(mirroring, server, context);
    } catch (error) {
      await mirroring.stop();
      throw error;
    }
  }

  /** Where it listens, e.g. `http://0.0.0.0:8090`. */
  get url(): string {
    return this.#server.url;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#context.config;
  }

  /** Applies a new configuration to every request from now on. */
  reconfigure(config: Config): void {
    const fixed = FIXED.filter((key) => config[key] !== this.config[key]);
    if (fixed.length > 0) {
      log.warn("some changes need a restart", { keys: fixed.join(", ") });
    }
    this.#context.config = config;
    this.#mirroring.reconfigure(config);
  }

  /** Stops gracefully: accepts nothing new, drains transfers, keeps part files for the next start. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    // Stop background work first, so that clients get the whole drain time.
    const background = this.#mirroring.stopBackground();
    await this.#server.stop(this.config.drainTimeoutMs);
    await background;
    await this.#mirroring.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function servicesOf({ config, mirroring, metrics, startedAt }: Context): Services {
  const { tree, layout, snapshots, cycle, cleanup, index, cacheSize, downloads, clientDownloads } =
    mirroring;
  return {
    token: config.token,
    config,
    tree,
    layout,
    snapshots,
    cycle,
    cleanup,
    metrics,
    index,
    cacheSize,
    startedAt,
    downloads,
    clientDownloads,
    accesses: new Map(Array.from(mirroring.upstreams, (upstream) => [upstream.name, upstream])),
    respond: (file, request, client) => mirroring.respond(file, request, client),
  };
}
