import { fromFileUrl, join } from "@std/path";
import { stringify } from "@std/toml";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

/** How a child ended, and all that it printed. */
export interface Ended {
  code: number;
  stdout: string;
  /** Without the runtime's own remark about permission sets. */
  stderr: string;
}

/** `pkgstash serve` in a process of its own, with the permissions that the project gives it. */
export class ChildDaemon implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  readonly #stdout: Promise<void>;
  readonly #waiting = new Set<{ pattern: RegExp; resolve: (match: RegExpExecArray) => void }>();
  #printed = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#stderr = new Response(child.stderr).text();
    this.#stdout = this.#collect();
  }

  /** Writes `<folder>/pkgstash.toml` and starts the daemon, which may write in `folder` only. */
  static async spawn(folder: string, settings: Record<string, unknown>): Promise<ChildDaemon> {
    await ChildDaemon.configure(folder, settings);
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-P=server",
        "--no-prompt",
        `--allow-write=${folder}`,
        join(PROJECT, "main.ts"),
        "serve",
        "--config",
        join(folder, "pkgstash.toml"),
      ],
      cwd: PROJECT,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new ChildDaemon(child);
  }

  /** Replaces the configuration file. */
  static async configure(folder: string, settings: Record<string, unknown>): Promise<void> {
    const all = {
      cache_root: join(folder, "cache"),
      listen_address: "127.0.0.1",
      port: 0,
      log_level: "debug",
      ...settings,
    };
    await Deno.writeTextFile(join(folder, "pkgstash.toml"), stringify(all));
  }

  /** The address, once it listens. */
  async origin(): Promise<string> {
    const match = await this.printed(/listens on (http:\S+)/);
    return match[1]!;
  }

  /** Resolves once the standard output has something that matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    const match = pattern.exec(this.#printed);
    if (match !== null) return Promise.resolve(match);
    const { promise, resolve } = Promise.withResolvers<RegExpExecArray>();
    this.#waiting.add({ pattern, resolve });
    return promise;
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async ended(): Promise<Ended> {
    const { code } = await this.#child.status;
    await this.#stdout;
    const stderr = (await this.#stderr).replace(/^.*Permissions in the config file.*\n/m, "");
    return { code, stdout: this.#printed, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.ended();
  }

  async #collect(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#printed += text;
      for (const waiter of this.#waiting) {
        const match = waiter.pattern.exec(this.#printed);
        if (match === null) continue;
        this.#waiting.delete(waiter);
        waiter.resolve(match);
      }
    }
  }
}
