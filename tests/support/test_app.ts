import { join } from "@std/path";
import { App } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { statIfPresent } from "../../src/platform/files/durable.ts";
import { configOf } from "./configuration.ts";
import { metricsOf, untilDownloadsEnd } from "./daemon_metrics.ts";
import { FakeMirror } from "./fake_mirror.ts";
import { type Answer, exchange, HttpExchange, type RawRequest } from "./http_exchange.ts";
import { LogLines } from "./log_lines.ts";
import { beforeTimeouts, PATIENT_MS } from "./patience.ts";

export interface TestAppOptions {
  /** The number of mirrors; 1 by default. */
  mirrors?: number;
  /** Keys of the configuration; they win over those that every test application has. */
  settings?: Record<string, string | number | boolean | readonly string[]>;
  /** TOML to append, such as tables. */
  tables?: (mirrors: readonly FakeMirror[]) => string;
  token?: string;
  /** A cache directory that outlives the application; by default, it has a temporary one. */
  cacheRoot?: string;
  /** The state directory; by default beside the cache, and removed with it. */
  stateRoot?: string;
}

const PATIENT = `${PATIENT_MS}ms`;

/** A test whose subject is a timeout states its own. */
const SETTINGS = {
  listen_address: "127.0.0.1",
  port: 0,
  race_timeout: PATIENT,
  stall_timeout: PATIENT,
  answer_timeout: `${3 * PATIENT_MS}ms`,
  drain_timeout: PATIENT,
};

/** The whole daemon in this process, with fake mirrors upstream and its log at hand. */
export class TestApp implements AsyncDisposable {
  readonly app: App;
  readonly mirrors: readonly FakeMirror[];
  readonly log: LogLines;
  /** The cache directory to remove. */
  readonly #ownCacheRoot: string | null;

  private constructor(
    app: App,
    { mirrors, log, ownCacheRoot }: {
      mirrors: readonly FakeMirror[];
      log: LogLines;
      ownCacheRoot: string | null;
    },
  ) {
    this.app = app;
    this.mirrors = mirrors;
    this.log = log;
    this.#ownCacheRoot = ownCacheRoot;
  }

  static async start(options: TestAppOptions = {}): Promise<TestApp> {
    const mirrors = await Promise.all(
      Array.from({ length: options.mirrors ?? 1 }, () => FakeMirror.start()),
    );
    const cacheRoot = options.cacheRoot ?? await Deno.makeTempDir();
    const config = testConfig(cacheRoot, mirrors, options);
    const log = new LogLines(config.token === null ? [] : [config.token]);
    const ownCacheRoot = options.cacheRoot === undefined ? cacheRoot : null;
    return new TestApp(await App.start(config), { mirrors, log, ownCacheRoot });
  }

  /** The first mirror. */
  get mirror(): FakeMirror {
    return this.mirrors[0]!;
  }

  get origin(): string {
    return this.app.url;
  }

  /** The path on disk of a cached file. */
  pathOf(key: string): string {
    return join(this.app.config.cacheRoot, key);
  }

  /** Puts a file on every mirror. */
  put(path: string, body: Uint8Array, options?: Parameters<FakeMirror["put"]>[2]): void {
    for (const mirror of this.mirrors) mirror.put(path, body, options);
  }

  /** The number of requests for a path that reached any mirror. */
  count(path?: string): number {
    return this.mirrors.reduce((sum, mirror) => sum + mirror.count(path), 0);
  }

  /** A whole response. The target is sent exactly as it is here. */
  get(target: string, headers: Record<string, string> = {}): Promise<Answer> {
    return exchange(this.origin, target, { headers });
  }

  request(method: string, target: string, request: RawRequest = {}): Promise<Answer> {
    return exchange(this.origin, target, { ...request, method });
  }

  /** A response that the test reads bit by bit. */
  open(target: string, request: RawRequest = {}): Promise<HttpExchange> {
    return HttpExchange.open(this.origin, target, request);
  }

  /** Fetches a file and waits until it is in the cache. */
  async warm(target: string): Promise<Answer> {
    const response = await this.get(target);
    await this.settled();
    return response;
  }

  /** Waits until no download is in flight. */
  settled(): Promise<void> {
    return untilDownloadsEnd(this.origin);
  }

  /** The samples of `/metrics`, by name and labels. */
  metrics(): Promise<Map<string, number>> {
    return metricsOf(this.origin);
  }

  /** Shortens or lengthens the timeout of requests, as a reload does, once the stage is set. */
  setAnswerTimeout(answerTimeoutMs: number): void {
    this.app.reconfigure({ ...this.app.config, answerTimeoutMs });
  }

  /** Stops the daemon, and keeps mirrors and cache for another. */
  stop(): Promise<void> {
    return this.app.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.stop();
    // A connection to a mirror that outlives the daemon is a leak.
    await beforeTimeouts(
      Promise.all(this.mirrors.map((mirror) => mirror.waitForNoConnections())),
    );
    for (const mirror of this.mirrors) await mirror[Symbol.asyncDispose]();
    if (this.#ownCacheRoot === null) return;
    for (const root of [this.#ownCacheRoot, stateBeside(this.#ownCacheRoot)]) {
      if (await statIfPresent(root) !== null) await Deno.remove(root, { recursive: true });
    }
  }
}

/** A configuration for tests, in which the mirrors are those of the main upstream. */
export function testConfig(
  cacheRoot: string,
  mirrors: readonly FakeMirror[],
  { settings = {}, tables = () => "", token, stateRoot }: TestAppOptions = {},
): Config {
  const lines = Object.entries({
    ...SETTINGS,
    cache_root: cacheRoot,
    state_root: stateRoot ?? stateBeside(cacheRoot),
    ...settings,
  }).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const urls = JSON.stringify(mirrors.map(({ url }) => url));
  const main = "mirror_urls" in settings ? "" : `mirror_urls = ${urls}\n`;
  return configOf(
    `${lines.join("")}${main}${tables(mirrors)}`,
    token === undefined ? {} : { PKGSTASH_TOKEN: token },
  );
}

function stateBeside(cacheRoot: string): string {
  return `${cacheRoot}.state`;
}
