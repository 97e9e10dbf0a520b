import { join } from "@std/path";
import { exchange } from "./client.ts";
import type { Launch, Workspace } from "./workspace.ts";

/** Of a proxy that is ready before what it is the proxy of. */
const BAD_GATEWAY = 502;
const LONGEST_START_MS = 60_000;
const LONGEST_STOP_MS = 10_000;
const LOG_TAIL_CHARACTERS = 2000;

/** What `Daemon.start` needs to know. */
export interface DaemonOptions {
  /** For errors. */
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly launch: Launch;
  /** What the first request asks for. */
  readonly probePath: string;
}

/** A running server that answers. */
export class Daemon {
  readonly port: number;
  readonly folder: string;
  /** From its exec to the end of its first response. */
  readonly startMs: number;
  readonly #workspace: Workspace;
  readonly #child: Deno.ChildProcess;

  private constructor(
    workspace: Workspace,
    child: Deno.ChildProcess,
    { port, folder, startMs }: Pick<Daemon, "port" | "folder" | "startMs">,
  ) {
    this.#workspace = workspace;
    this.#child = child;
    this.port = port;
    this.folder = folder;
    this.startMs = startMs;
  }

  /** Starts a server, and asks it for the probe until it answers. */
  static async start(workspace: Workspace, options: DaemonOptions): Promise<Daemon> {
    const { name, folder, port, launch, probePath } = options;
    const logPath = join(folder, "output.log");
    const startedAt = performance.now();
    const child = workspace.spawnLogged(launch, logPath);
    let code: number | null = null;
    child.status.then((status) => code = status.code);
    try {
      for (;;) {
        const status = await statusOrNull(port, probePath);
        const durationMs = performance.now() - startedAt;
        if (status === 200) {
          return new Daemon(workspace, child, { port, folder, startMs: durationMs });
        }
        if (status !== null && status !== BAD_GATEWAY) {
          throw new Error(`status ${status} for ${probePath}`);
        }
        if (code !== null) throw new Error(`it ended with code ${code}`);
        if (durationMs > LONGEST_START_MS) throw new Error("it does not listen");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } catch (error) {
      await workspace.kill(child);
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot start ${name}: ${reason}. Its output:\n${await tailOf(logPath)}`);
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it well, or by force when that takes too long. */
  async stop(): Promise<void> {
    const force = setTimeout(() => this.#workspace.kill(this.#child), LONGEST_STOP_MS);
    this.#child.kill("SIGTERM");
    await this.#child.status;
    clearTimeout(force);
  }
}

/** A TCP port of 127.0.0.1 that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function statusOrNull(port: number, path: string): Promise<number | null> {
  try {
    return (await exchange(port, path)).status;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return null;
    throw error;
  }
}

async function tailOf(path: string): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).slice(-LOG_TAIL_CHARACTERS);
  } catch {
    return "(none)";
  }
}
