import { join } from "@std/path";
import { stringify } from "@std/toml";
import { type Finished, sendSignal, startProgram } from "../child_process.ts";
import { PROJECT } from "../project.ts";
import { Waiters } from "../waiters.ts";

/** The value of a variable that every builder has, and that no build may see. */
export const BUILDER_MARK = "this-variable-is-the-builders-own";

/** One run of `pkgstash-builder` in a process of its own. */
export class ChildBuilder implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Where its state is. */
  readonly folder: string;
  readonly #waiters = new Waiters();
  readonly #ended: Promise<Finished>;
  #output = "";
  #hasEnded = false;

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.folder = folder;
    this.#ended = this.#collect();
  }

  /** Starts one with its state in `<folder>/state`: a compiled one, or the source. */
  static async start(
    folder: string,
    settings: Record<string, unknown>,
    { token, args = [], within = [] }: {
      readonly token: string;
      readonly args?: readonly string[];
      /** A command that runs the one behind it, in surroundings of its own. */
      readonly within?: readonly string[];
    },
  ): Promise<ChildBuilder> {
    await Deno.mkdir(folder, { recursive: true });
    const config = join(folder, "builder.toml");
    const tokenFile = join(folder, "token");
    await Deno.writeTextFile(tokenFile, token, { mode: 0o600 });
    const all = {
      token_file: tokenFile,
      state_directory: join(folder, "state"),
      root_base: "host",
      jobs: 1,
      log_level: "debug",
      ...settings,
    };
    await Deno.writeTextFile(config, stringify(all));
    const argv = [...within, ...builderCommand(), "--config", config, ...args];
    return new ChildBuilder(
      startProgram(argv, { cwd: folder, env: { NO_COLOR: "1", BUILDER_MARK } }),
      folder,
    );
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves once its output matches; throws all of it if it ends without. */
  async printed(pattern: RegExp): Promise<void> {
    await this.#waiters.until(() => this.#hasEnded || pattern.test(this.#output));
    if (pattern.test(this.#output)) return;
    throw new Error(`pkgstash-builder ended without printing ${pattern}:\n${this.#output}`);
  }

  async stop(): Promise<Finished> {
    sendSignal(this.#child.pid, "SIGTERM");
    return await this.#ended;
  }

  async kill(): Promise<void> {
    sendSignal(this.#child.pid, "SIGKILL");
    await this.#ended;
  }

  ended(): Promise<Finished> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) await this.stop();
    await removeState(join(this.folder, "state"));
  }

  async #collect(): Promise<Finished> {
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.#output += text;
        this.#waiters.notify();
      }
    };
    await Promise.all([read(this.#child.stdout), read(this.#child.stderr)]);
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    this.#waiters.notify();
    return { code, signal, stdout: this.#output, stderr: "" };
  }
}

/** The program that `PKGSTASH_BUILDER_BINARY` names, or the source. */
function builderCommand(): string[] {
  const binary = Deno.env.get("PKGSTASH_BUILDER_BINARY");
  if (binary !== undefined) return [binary];
  return [
    Deno.execPath(),
    "run",
    `--config=${join(PROJECT, "deno.json")}`,
    "-P=builder",
    "--no-prompt",
    "--allow-write",
    join(PROJECT, "src/builder/main.ts"),
  ];
}

/** Removes files of subordinate ids too. */
async function removeState(state: string): Promise<void> {
  for (const mapping of [["--map-auto"], []]) {
    const argv = ["unshare", "--user", "--map-root-user", ...mapping, "rm", "-rf", state];
    if ((await startProgram(argv).output()).success) return;
  }
}
