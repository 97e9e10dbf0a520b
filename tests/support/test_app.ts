import { deadline } from "@std/async/deadline";
import { join } from "@std/path";
import { App } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { configOf } from "../unit/config/configuration.ts";
import { FakeMirror } from "./fake_mirror.ts";
import { type Answer, exchange, HttpExchange, type RawRequest } from "./http_exchange.ts";
import { LogLines } from "./log_lines.ts";

export interface TestAppOptions {
  /** How many mirrors stand upstream. */
  mirrors?: number;
  /** Lines of configuration; those here win over the ones that a test application has by itself. */
  settings?: Record<string, string | number>;
  /** Further configuration, such as tables. */
  tables?: (mirrors: readonly FakeMirror[]) => string;
  token?: string;
  /** A cache directory that outlives the application; by default one is made and removed. */
  cacheRoot?: string;
}

/** Short enough for tests that wait for them, long enough for a busy machine. */
const SETTINGS = {
  listen_address: "127.0.0.1",
  port: 0,
  race_timeout: "300ms",
  stall_timeout: "500ms",
  answer_timeout: "2s",
  drain_timeout: "5s",
};

/** The whole mirror daemon on a port of its own, with fake mirrors upstream and its log at hand. */
export class TestApp implements AsyncDisposable {
  private constructor(
    readonly app: App,
    readonly mirrors: readonly FakeMirror[],
    readonly log: LogLines,
    private readonly directory: string | null,
  ) {}

  static async start(options: TestAppOptions = {}): Promise<TestApp> {
    const mirrors = await Promise.all(
      Array.from({ length: options.mirrors ?? 1 }, () => FakeMirror.start()),
    );
    const directory = options.cacheRoot === undefined ? await Deno.makeTempDir() : null;
    const config = testConfig(options.cacheRoot ?? directory!, mirrors, options);
    const log = new LogLines(config.token === null ? [] : [config.token]);
    return new TestApp(await App.start(config), mirrors, log, directory);
  }

  /** The first mirror. */
  get mirror(): FakeMirror {
    return this.mirrors[0]!;
  }

  get origin(): string {
    return this.app.url;
  }

  /** Path on disk of a path below the server's root. */
  pathOf(key: string): string {
    return join(this.app.config.cacheRoot, key);
  }

  /** Offers a file on every mirror. */
  put(path: string, body: Uint8Array, options?: Parameters<FakeMirror["put"]>[2]): void {
    for (const mirror of this.mirrors) mirror.put(path, body, options);
  }

  /** Requests for a path that reached any mirror. */
  count(path?: string): number {
    return this.mirrors.reduce((sum, mirror) => sum + mirror.count(path), 0);
  }

  /** A whole answer. The target goes out as it stands. */
  get(target: string, headers: Record<string, string> = {}): Promise<Answer> {
    return exchange(this.origin, target, { headers });
  }

  request(method: string, target: string, request: RawRequest = {}): Promise<Answer> {
    return exchange(this.origin, target, { ...request, method });
  }

  /** An answer that is read as the test goes on. */
  open(target: string, request: RawRequest = {}): Promise<HttpExchange> {
    return HttpExchange.open(this.origin, target, request);
  }

  /** Fetches a file and waits until it is in its place in the cache. */
  async warm(target: string): Promise<Answer> {
    const answer = await this.get(target);
    await this.settled();
    return answer;
  }

  /** Waits until no download is in flight. */
  async settled(): Promise<void> {
    while ((await this.metrics()).get("pkgstash_downloads_in_flight") !== 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The samples of `/metrics`, by name and labels as they stand there. */
  async metrics(): Promise<Map<string, number>> {
    const { text } = await this.get("/metrics");
    return new Map(
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
        const space = line.lastIndexOf(" ");
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }

  /** Stops the daemon, leaving mirrors and cache for another one. */
  stop(): Promise<void> {
    return this.app.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.stop();
    // Whatever the daemon holds open upstream after its end is a leak.
    await deadline(
      Promise.all(this.mirrors.map((mirror) => mirror.waitForNoConnections())),
      5_000,
    );
    for (const mirror of this.mirrors) await mirror[Symbol.asyncDispose]();
    if (this.directory !== null) await Deno.remove(this.directory, { recursive: true });
  }
}

/** A configuration for tests, with the mirrors as the main upstream. */
export function testConfig(
  cacheRoot: string,
  mirrors: readonly FakeMirror[],
  { settings = {}, tables = () => "", token }: TestAppOptions = {},
): Config {
  const lines = Object.entries({
    ...SETTINGS,
    cache_root: cacheRoot,
    ...settings,
  }).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const urls = JSON.stringify(mirrors.map(({ url }) => url));
  const main = "mirror_urls" in settings ? "" : `mirror_urls = ${urls}\n`;
  return configOf(
    `${lines.join("")}${main}${tables(mirrors)}`,
    token === undefined ? {} : { PKGSTASH_TOKEN: token },
  );
}
