import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { ChildDaemon } from "../../support/child_daemon.ts";
import type { TempFolder } from "../../support/temp_folder.ts";
import { Client, TOKEN } from "./client.ts";
import { FaultyMirror, HONEST } from "./faulty_mirror.ts";
import type { Findings } from "./findings.ts";
import { Judge } from "./judge.ts";
import type { Random } from "./random.ts";
import { TrueRepository } from "./world.ts";

const MIRRORS = 4;
const START_PATIENCE_MS = 60_000;
const MAX_RSS_BYTES = 600 * 1024 * 1024;
const HEALTH_PATIENCE_MS = 10_000;
const WATCH_INTERVAL_MS = 400;
const LOG_LINES_SHOWN = 25;
/** What a log shows only after a mistake in the program. */
const MISTAKES = /uncaught|unhandled|panicked|heap out of memory|^\s+at .+:\d+:\d+|stack=/im;
const ORDINARY_LINE = /(?:INFO|DEBUG) request .*status=[234]/;

/** Timeouts with which faults show quickly. */
const SETTINGS = {
  log_level: "debug",
  race_timeout: "200ms",
  stall_timeout: "600ms",
  answer_timeout: "3s",
  drain_timeout: "3s",
  stripe_threshold: "1MB",
  database_max_age: "300ms",
  missing_signature_age: "500ms",
  refresh_interval: "0",
  keep_versions: 2,
  min_free_space: "0",
  mirrored_repos: ["core", "extra"],
};

export interface SiegeOptions {
  readonly folder: TempFolder;
  readonly random: Random;
  readonly findings: Findings;
  readonly write: (line: string) => void;
  /** `cache` in the folder by default. */
  readonly cacheRoot?: string;
  /** Environment of the daemon. */
  readonly env?: Record<string, string>;
}

/** A daemon, the world around it, and everything that is known to be true. */
export class Siege implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly cacheRoot: string;
  readonly random: Random;
  readonly repositories: readonly TrueRepository[];
  readonly mirrors: readonly FaultyMirror[];
  readonly findings: Findings;
  readonly judge: Judge;
  readonly client: Client;
  readonly write: (line: string) => void;
  /** Files whose bytes were changed on disk, without a verification since. */
  readonly rotten = new Set<string>();
  maxRssBytes = 0;
  starts = 0;
  readonly #env: Record<string, string>;
  #daemon: ChildDaemon | null = null;
  #origin = "http://127.0.0.1:1";
  #isLeaving = true;

  private constructor(options: SiegeOptions) {
    const { folder, random, findings, write, env = {} } = options;
    this.folder = folder;
    this.random = random;
    this.write = write;
    this.cacheRoot = options.cacheRoot ?? folder.join("cache");
    this.#env = env;
    this.repositories = [
      new TrueRepository("core", false, random.whole(0, 1e6)),
      new TrueRepository("extra", true, random.whole(2e6, 3e6)),
    ];
    this.mirrors = Array.from(
      { length: MIRRORS },
      (_, index) => new FaultyMirror(this.repositories, random.fork("mirror", index)),
    );
    this.findings = findings;
    findings.begin(() => this.#context());
    this.judge = new Judge(this.findings, this.rotten);
    this.client = new Client(
      () => ({ origin: this.#origin, isLeaving: this.#isLeaving }),
      this.findings,
      this.judge,
    );
  }

  /** Makes the world, without starting the daemon. */
  static async prepare(options: SiegeOptions): Promise<Siege> {
    const siege = new Siege(options);
    for (const repository of siege.repositories) await repository.advance(siege.random);
    await Deno.writeTextFile(siege.#envFile, `PKGSTASH_TOKEN=${TOKEN}\n`, { mode: 0o600 });
    await siege.configure();
    return siege;
  }

  get #envFile(): string {
    return this.folder.join("pkgstash.env");
  }

  get isRunning(): boolean {
    return this.#daemon !== null;
  }

  /** What happened, in one line. */
  account(): string {
    const replies = this.mirrors.reduce((sum, { requests }) => sum + requests, 0);
    const revisions = this.repositories.reduce((sum, { latest }) => sum + latest.number, 0);
    const mebibytes = Math.round(this.maxRssBytes / 1024 / 1024);
    return `${this.starts} starts, ${this.client.answers} answers, ${replies} replies of mirrors, ` +
      `${revisions} revisions, at most ${mebibytes} MiB`;
  }

  /** Writes the configuration. */
  async configure(more: Record<string, unknown> = {}): Promise<void> {
    await ChildDaemon.configure(this.folder.path, {
      ...SETTINGS,
      env_file: this.#envFile,
      mirror_urls: this.mirrors.map(({ url }) => url),
      cache_root: this.cacheRoot,
      state_root: `${this.cacheRoot}.state`,
      ...more,
    });
  }

  /** @throws {Error} if the daemon does not start, which is a finding as well. */
  async start(): Promise<void> {
    this.starts += 1;
    const daemon = ChildDaemon.start(this.folder.path, null, this.#env);
    this.#daemon = daemon;
    const timer = setTimeout(() => void daemon.kill(), START_PATIENCE_MS);
    try {
      this.#origin = await daemon.origin();
      this.#isLeaving = false;
    } catch (error) {
      this.findings.add("the daemon starts on any cache", (error as Error).message);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** SIGKILL, as a crash would. */
  async kill(): Promise<void> {
    this.#isLeaving = true;
    const daemon = this.#daemon;
    if (daemon === null) return;
    this.findings.check(
      "the daemon never ends by itself",
      !daemon.hasEnded,
      () => daemon.output.slice(-3000),
    );
    await daemon.kill();
    this.#readLog(daemon);
    this.#daemon = null;
  }

  /** SIGTERM: ends within its drain timeout, with exit code 0. */
  async stop(): Promise<void> {
    this.#isLeaving = true;
    const daemon = this.#daemon;
    if (daemon === null) return;
    daemon.signal("SIGTERM");
    const timer = setTimeout(() => void daemon.kill(), START_PATIENCE_MS);
    const { code, signal } = await daemon.ended();
    clearTimeout(timer);
    this.findings.check(
      "SIGTERM ends the daemon in time and with exit code 0",
      code === 0,
      () => `exit code ${code}, ${signal}: ${daemon.output.slice(-2000)}`,
    );
    this.#readLog(daemon);
    this.#daemon = null;
  }

  reload(): void {
    try {
      this.#daemon?.signal("SIGHUP");
    } catch (error) {
      // It has just been killed, and nobody has been told yet.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Ends all faults: every mirror has the truth and serves it. */
  makePeace(): void {
    for (const mirror of this.mirrors) {
      mirror.mood = HONEST;
      mirror.endReplies();
      mirror.up();
    }
  }

  /** Watches memory and responsiveness until the signal. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(WATCH_INTERVAL_MS, { signal }).catch(() => {});
      const daemon = this.#daemon;
      if (signal.aborted || daemon === null || daemon.hasEnded) return;
      const startedAt = performance.now();
      const answer = await this.client.ask("/healthz");
      const tookMs = Math.round(performance.now() - startedAt);
      if (answer !== null) {
        this.findings.check(
          "/healthz answers while the world is wrong",
          answer.status === 200 && tookMs < HEALTH_PATIENCE_MS,
          () => `${answer.status} after ${tookMs} ms`,
        );
      }
      const rss = await rssOf(daemon.pid);
      this.maxRssBytes = Math.max(this.maxRssBytes, rss);
      this.findings.check(
        "memory is bounded",
        rss < MAX_RSS_BYTES,
        () => `${Math.round(rss / 1024 / 1024)} MiB`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isLeaving = true;
    await this.#daemon?.kill();
    for (const mirror of this.mirrors) await mirror[Symbol.asyncDispose]();
  }

  #readLog(daemon: ChildDaemon): void {
    const { output } = daemon;
    const mistake = MISTAKES.exec(output);
    this.findings.check(
      "the log shows no mistake of the program",
      mistake === null,
      () => output.slice(Math.max(0, mistake!.index - 1500), mistake!.index + 800),
    );
  }

  #context(): string[] {
    const lines = this.#daemon?.output.split("\n") ?? [];
    const log = lines.filter((line) => !ORDINARY_LINE.test(line)).slice(-LOG_LINES_SHOWN);
    const replies = this.mirrors.flatMap(({ replies }) => replies.slice(-5));
    return ["lately, the mirrors replied:", ...replies, "and the daemon logged:", ...log];
  }
}

async function rssOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(join("/proc", String(pid), "status")).catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
