import { join } from "@std/path";
import { processTree } from "./process_figures.ts";

/** What is to be run, before its output has a place. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  /** Added to the environment, which never has a PKGSTASH_ variable of the caller's. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * The temporary directory of one run and the processes that were started in it. Closing it kills
 * all of them, with their own children, and removes the directory.
 */
export class Workspace implements AsyncDisposable {
  readonly #children = new Set<Deno.ChildProcess>();
  readonly #elsewhere: string[] = [];
  #closed: Promise<void> | null = null;

  private constructor(readonly root: string) {}

  /** Makes the directory, below TMPDIR if that is set. */
  static async create(): Promise<Workspace> {
    return new Workspace(await Deno.makeTempDir({ prefix: "pkgstash-bench-" }));
  }

  /** Whether it ends, or has ended. */
  get isClosed(): boolean {
    return this.#closed !== null;
  }

  /** Makes a folder of this name below the directory and returns its path. */
  async makeFolder(name: string): Promise<string> {
    const path = join(this.root, name);
    await Deno.mkdir(path, { recursive: true });
    return path;
  }

  /** The same below another directory, where it gets a unique name and goes with the rest. */
  async makeFolderBelow(parent: string, name: string): Promise<string> {
    await Deno.mkdir(parent, { recursive: true });
    const prefix = `bench-${name.replaceAll("/", "-")}-`;
    const path = await Deno.makeTempDir({ dir: parent, prefix });
    this.#elsewhere.push(path);
    return path;
  }

  /** Runs a program to its end and returns what it printed. */
  async output(launch: Launch): Promise<{ success: boolean; stdout: string; stderr: string }> {
    const child = this.#spawn(launch, "piped");
    try {
      const { success, stdout, stderr } = await child.output();
      return { success, stdout: decode(stdout), stderr: decode(stderr) };
    } finally {
      this.#children.delete(child);
    }
  }

  /** Starts a daemon. It writes its log to a file, as reading a pipe would load this process. */
  spawnLogged(launch: Launch, logPath: string): Deno.ChildProcess {
    // The shell is replaced by the program, so the process id is the program's own.
    const script = 'log=$1; shift; exec "$@" >>"$log" 2>&1';
    return this.#spawn({
      ...launch,
      command: "/bin/sh",
      args: ["-c", script, "sh", logPath, launch.command, ...launch.args],
    }, "null");
  }

  /** Ends a daemon at once, with all its children. */
  async kill(child: Deno.ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return;
    killTree(child.pid);
    await child.status;
    this.#children.delete(child);
  }

  /** Ends everything; a second call waits for the first. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const children = [...this.#children];
    for (const { pid } of children) killTree(pid);
    await Promise.all(children.map(({ status }) => status));
    for (const path of [this.root, ...this.#elsewhere]) await this.#remove(path);
  }

  /** What this process was just writing may come in between. */
  async #remove(path: string, attempts = 5): Promise<void> {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (attempts === 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
      await this.#remove(path, attempts - 1);
    }
  }

  #spawn(launch: Launch, output: "piped" | "null"): Deno.ChildProcess {
    if (this.isClosed) throw new Error("Cannot start a process: the benchmark is ending");
    const child = new Deno.Command(launch.command, {
      args: [...launch.args],
      cwd: launch.workingDirectory,
      clearEnv: true,
      env: { ...inheritedEnvironment(), NO_COLOR: "1", ...launch.environment },
      stdin: "null",
      stdout: output,
      stderr: output,
    }).spawn();
    this.#children.add(child);
    child.status.then(() => this.#children.delete(child));
    return child;
  }
}

function inheritedEnvironment(): Record<string, string> {
  const all = Object.entries(Deno.env.toObject());
  // The caller's configuration, or its systemd, must not reach the daemons that are compared.
  const foreign = /^(PKGSTASH_|NOTIFY_SOCKET$|WATCHDOG_|CREDENTIALS_DIRECTORY$)/;
  return Object.fromEntries(all.filter(([name]) => !foreign.test(name)));
}

function killTree(pid: number): void {
  // An nginx worker outlives a master that was killed, so each one is killed by its own id.
  for (const member of processTree(pid)) {
    try {
      Deno.kill(member, "SIGKILL");
    } catch (error) {
      // It may have ended since the list was made.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
    }
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
