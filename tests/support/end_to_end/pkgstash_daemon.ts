import { stringify } from "@std/toml";
import { fromFileUrl, join, resolve } from "@std/path";
import { childEnvironment, sendSignal } from "../child_process.ts";
import { freePort } from "../free_port.ts";
import { until } from "../until.ts";

const PROJECT = fromFileUrl(new URL("../../../", import.meta.url));

/** Whether the compiled binary is tested, which `PKGSTASH_BINARY` names, instead of the source. */
export function testsBinary(): boolean {
  return (Deno.env.get("PKGSTASH_BINARY") ?? "") !== "";
}

/** The command that starts the daemon: the binary that `PKGSTASH_BINARY` names, else the source. */
function commandLine(): [string, ...string[]] {
  if (testsBinary()) return [resolve(PROJECT, Deno.env.get("PKGSTASH_BINARY")!)];
  const permissions = ["--allow-net", "--allow-read", "--allow-write", "--allow-env"];
  return [Deno.execPath(), "run", "--no-prompt", ...permissions, join(PROJECT, "main.ts")];
}

/** A real `pkgstash serve` in a process of its own. */
export class PkgstashDaemon implements AsyncDisposable {
  /** Everything it has printed, on both streams and over all of its starts, line by line. */
  readonly lines: string[] = [];
  readonly #configFile: string;
  #process: Deno.ChildProcess | undefined;
  #output: Promise<unknown> = Promise.resolve();

  private constructor(readonly folder: string, readonly port: number) {
    this.#configFile = join(folder, "pkgstash.toml");
  }

  /**
   * Writes the configuration into an existing folder, starts the daemon and waits until it serves.
   * @param configuration TOML keys on top of a free port, a cache in the folder and JSON logs.
   * @param prepare Lays out what the daemon finds, and gives another file instead of all those keys.
   */
  static async start(
    folder: string,
    configuration: Record<string, unknown>,
    prepare?: (daemon: PkgstashDaemon) => Promise<string>,
  ): Promise<PkgstashDaemon> {
    const daemon = new PkgstashDaemon(folder, freePort());
    const complete = {
      cache_root: daemon.cacheRoot,
      listen_address: "127.0.0.1",
      port: daemon.port,
      log_format: "json",
      ...configuration,
    };
    const text = await prepare?.(daemon) ?? stringify(complete);
    await Deno.writeTextFile(daemon.#configFile, text);
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

  /** Starts it, again after `kill` or `stop`, with the same port, cache and configuration. */
  async start(): Promise<void> {
    const [command, ...args] = commandLine();
    const process = new Deno.Command(command, {
      args: [...args, "serve", "--config", this.#configFile],
      cwd: this.folder,
      env: childEnvironment({ NO_COLOR: "1" }),
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#process = process;
    this.#output = Promise.all([this.#collect(process.stdout), this.#collect(process.stderr)]);
    let exited = false;
    process.status.then(() => exited = true);
    await until("pkgstash answers /healthz with 200", async () => {
      if (exited) {
        await this.#output;
        throw new Error(`pkgstash ended before it served:\n${this.lines.join("\n")}`);
      }
      try {
        const response = await fetch(`${this.url}healthz`);
        await response.body?.cancel();
        return response.status === 200;
      } catch {
        return false;
      }
    });
  }

  async #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
    }
    if (rest !== "") this.lines.push(rest);
  }

  /** Asks it to stop (SIGTERM, unless told otherwise) and waits until it has ended. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus | undefined> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return undefined;
    sendSignal(process.pid, signal);
    const status = await process.status;
    await this.#output;
    return status;
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
