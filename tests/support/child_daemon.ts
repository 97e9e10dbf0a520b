import { join } from "@std/path";
import { stringify } from "@std/toml";
import { type Finished, sendSignal, startProgram } from "./child_process.ts";
import { PROJECT } from "./project.ts";
import { Waiters } from "./waiters.ts";

/** One run of `pkgstash serve` in a process of its own. */
export class ChildDaemon implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #waiters = new Waiters();
  readonly #ended: Promise<Finished>;
  #stdout = "";
  #stderr = "";
  #hasEnded = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#ended = this.#collect();
  }

  /** Writes `<folder>/pkgstash.toml` and starts the source, which may write in `folder` only. */
  static async spawn(folder: string, settings: Record<string, unknown>): Promise<ChildDaemon> {
    await ChildDaemon.configure(folder, settings);
    return ChildDaemon.start(folder);
  }

  /** Replaces `<folder>/pkgstash.toml`; `settings` win over those that suit a test. */
  static async configure(folder: string, settings: Record<string, unknown>): Promise<void> {
    const all = {
      cache_root: join(folder, "cache"),
      state_root: join(folder, "state"),
      listen_address: "127.0.0.1",
      port: 0,
      log_level: "debug",
      ...settings,
    };
    await Deno.writeTextFile(join(folder, "pkgstash.toml"), stringify(all));
  }

  /**
   * Starts the daemon with `<folder>/pkgstash.toml`: a compiled binary, or the source with the
   * permissions that deno.json gives the server, which may then write in `folder` only.
   * `env` adds to its environment, `options` to its command line.
   */
  static start(
    folder: string,
    binary: string | null = null,
    env: Record<string, string> = {},
    options: readonly string[] = [],
  ): ChildDaemon {
    const program = binary === null ? sourceCommand(folder) : [binary];
    const argv = [...program, "serve", "--config", join(folder, "pkgstash.toml"), ...options];
    return new ChildDaemon(startProgram(argv, { cwd: folder, env: { NO_COLOR: "1", ...env } }));
  }

  /** Everything that it has printed: standard output, then standard error. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** The address it is listening on, as soon as it does. Needs text logs. */
  async origin(): Promise<string> {
    const match = await this.printed(/is listening on (http:\S+)/);
    return match[1]!;
  }

  /**
   * Resolves once its standard output matches.
   * @throws {Error} with all of its output, if it ends without.
   */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    await this.#waiters.until(() => this.#hasEnded || pattern.test(this.#stdout));
    const match = pattern.exec(this.#stdout);
    if (match !== null) return match;
    throw new Error(`pkgstash ended without printing ${pattern}:\n${this.output}`);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has ended. */
  ended(): Promise<Finished> {
    return this.#ended;
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    sendSignal(this.#child.pid, "SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #collect(): Promise<Finished> {
    const { stdout, stderr } = this.#child;
    await Promise.all([
      this.#read(stdout, (text) => this.#stdout += text),
      this.#read(stderr, (text) => this.#stderr += text),
    ]);
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    this.#waiters.notify();
    // Deno itself remarks on permission sets.
    const own = this.#stderr.replace(/^.*Permissions in the config file.*\n/m, "");
    return { code, signal, stdout: this.#stdout, stderr: own };
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    append: (text: string) => void,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      append(text);
      this.#waiters.notify();
    }
  }
}

function sourceCommand(folder: string): string[] {
  return [
    Deno.execPath(),
    "run",
    `--config=${join(PROJECT, "deno.json")}`,
    "-P=server",
    "--no-prompt",
    `--allow-write=${folder}`,
    join(PROJECT, "main.ts"),
  ];
}
