import { fromFileUrl, join } from "@std/path";
import { stringify } from "@std/toml";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));

export interface WatchedDaemonOptions {
  /** Holds the configuration and the cache; nothing else is writable. */
  readonly folder: string;
  readonly port: number;
  readonly inspectorPort: number;
  readonly token: string;
  readonly mirrorUrls: readonly string[];
}

/** `pkgstash serve` from source, restarted at every edit, with a debugger to attach to. */
export class WatchedDaemon implements AsyncDisposable {
  /** Resolves when the daemon listens for the first time; rejects if it ends before. */
  readonly listening: Promise<void>;
  /** Rejects when the daemon ends. */
  readonly failed: Promise<never>;
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<void>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    const listening = Promise.withResolvers<void>();
    this.#output = this.#forward(listening.resolve);
    this.failed = child.status.then(({ code }) => {
      throw new Error(`The daemon ended with exit code ${code}.`);
    });
    this.failed.catch(() => {});
    this.listening = Promise.race([listening.promise, this.failed]);
    this.listening.catch(() => {});
  }

  static async spawn(options: WatchedDaemonOptions): Promise<WatchedDaemon> {
    const { folder, inspectorPort, token } = options;
    const configFile = join(folder, "pkgstash.toml");
    await Deno.writeTextFile(configFile, configurationOf(options));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-P=server",
        "--no-prompt",
        "--allow-net=127.0.0.1",
        `--allow-write=${folder}`,
        "--watch",
        "--no-clear-screen",
        `--inspect=127.0.0.1:${inspectorPort}`,
        join(PROJECT, "main.ts"),
        "serve",
        "--config",
        configFile,
      ],
      cwd: PROJECT,
      env: { PKGSTASH_TOKEN: token },
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
      // Ctrl-C reaches only the program that spawned it, which then stops everything in order.
      detached: true,
    }).spawn();
    return new WatchedDaemon(child);
  }

  /** Kills it: the watcher outlives a graceful stop, a breakpoint delays one without limit. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#output;
  }

  async #forward(onListening: () => void): Promise<void> {
    let printed = "";
    for await (const chunk of this.#child.stdout) {
      await Deno.stdout.write(chunk);
      if (LISTENING.test(printed)) continue;
      printed += new TextDecoder().decode(chunk);
      if (LISTENING.test(printed)) onListening();
    }
  }
}

const LISTENING = /pkgstash is listening on /;

function configurationOf({ folder, port, mirrorUrls }: WatchedDaemonOptions): string {
  return stringify({
    cache_root: join(folder, "cache"),
    state_root: join(folder, "state"),
    listen_address: "127.0.0.1",
    port,
    mirror_urls: mirrorUrls,
    mirrored_repos: ["core", "extra"],
    // A new database shows at once, and nothing is prefetched or removed before you ask for it.
    database_max_age: "0",
    refresh_interval: "0",
    keep_versions: 0,
    drain_timeout: "2s",
  });
}
