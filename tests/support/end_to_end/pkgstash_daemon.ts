import { join } from "@std/path";
import { ChildDaemon } from "../child_daemon.ts";
import type { Finished } from "../child_process.ts";
import { freePort } from "../free_port.ts";

export interface PkgstashOptions {
  /** The compiled binary to run; null, the default, for the source. */
  readonly binary?: string | null;
  /** Puts files in place before the start, and returns a whole configuration to use instead. */
  readonly prepare?: (daemon: PkgstashDaemon) => Promise<string>;
}

/** A daemon on a fixed port that can be stopped, killed and started again. */
export class PkgstashDaemon implements AsyncDisposable {
  readonly folder: string;
  readonly port = freePort();
  readonly #binary: string | null;
  /** All that have been started; the last one may be running. */
  readonly #runs: ChildDaemon[] = [];

  private constructor(folder: string, binary: string | null) {
    this.folder = folder;
    this.#binary = binary;
  }

  /**
   * Writes the configuration into an existing folder, starts the daemon and waits until it serves.
   * @param settings Keys on top of a free port, a cache in the folder and JSON logs.
   */
  static async start(
    folder: string,
    settings: Record<string, unknown>,
    { binary = null, prepare }: PkgstashOptions = {},
  ): Promise<PkgstashDaemon> {
    const daemon = new PkgstashDaemon(folder, binary);
    if (prepare === undefined) {
      const common = { port: daemon.port, log_format: "json", log_level: "info" };
      await ChildDaemon.configure(folder, { ...common, ...settings });
    } else {
      await Deno.writeTextFile(join(folder, "pkgstash.toml"), await prepare(daemon));
    }
    try {
      await daemon.start();
    } catch (error) {
      await daemon.kill();
      throw error;
    }
    return daemon;
  }

  get cacheRoot(): string {
    return join(this.folder, "cache");
  }

  /** The address, with a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** What a client's mirrorlist says. */
  get server(): string {
    return `${this.url}$repo/os/$arch`;
  }

  /** What it has printed since the first start. */
  get output(): string {
    return this.#runs.map(({ output }) => output).join("");
  }

  /** Starts it, also after `kill` or `stop`: with the same port, cache and configuration. */
  async start(): Promise<void> {
    const run = ChildDaemon.start(this.folder, this.#binary);
    this.#runs.push(run);
    // In JSON logs and in text.
    await run.printed(/"listening"|pkgstash is listening on/);
  }

  /** Sends SIGTERM and waits until it has ended. */
  async stop(): Promise<Finished> {
    const run = this.#runs.at(-1)!;
    run.signal("SIGTERM");
    return await run.ended();
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.#runs.at(-1)?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
