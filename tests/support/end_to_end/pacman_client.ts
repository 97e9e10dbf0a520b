import { join } from "@std/path";
import {
  childEnvironment,
  finish,
  type Finished,
  runCommand,
  sendSignal,
} from "../child_process.ts";
import { fileSize } from "./file_digest.ts";
import type { SigningKey } from "./signing_key.ts";
import { stopAgent } from "./signing_key.ts";
import { until } from "../until.ts";

/** How a client is set up. */
export interface PacmanOptions {
  /** `Server` lines of every repository, in order. */
  readonly servers: readonly string[];
  /** `CacheServer` lines, for pacman 6.1 and later. */
  readonly cacheServers?: readonly string[];
  /** Repositories, `core` and `extra` when unset. */
  readonly repositories?: readonly string[];
  readonly architecture?: string;
  readonly sigLevel?: string;
  readonly parallelDownloads?: number;
  /** A key whose signatures the client trusts. */
  readonly trust?: SigningKey;
}

let version: Promise<string> | undefined;

/** The installed pacman's version, such as "6.0.2". */
export function pacmanVersion(): Promise<string> {
  version ??= runCommand(["pacman", "--version"]).then((text) => {
    const found = /Pacman v(\d+\.\d+[\d.]*)/.exec(text)?.[1];
    if (found === undefined) throw new Error(`pacman --version does not name one:\n${text}`);
    return found;
  });
  return version;
}

/** Whether the installed pacman is at least `major.minor`. */
export async function pacmanIsAtLeast(major: number, minor: number): Promise<boolean> {
  const [hisMajor = 0, hisMinor = 0] = (await pacmanVersion()).split(".").map(Number);
  return hisMajor > major || (hisMajor === major && hisMinor >= minor);
}

/** A machine of its own, as far as pacman can see: root, databases, cache, keys, all in one folder. */
export class PacmanClient implements AsyncDisposable {
  readonly #running = new Set<RunningPacman>();

  private constructor(readonly folder: string, readonly hasKeys: boolean) {}

  /** Sets up a client in an existing empty folder. */
  static async create(folder: string, options: PacmanOptions): Promise<PacmanClient> {
    for (const part of ["root/var/lib", "db/local", "db/sync", "cache", "hooks"]) {
      await Deno.mkdir(join(folder, part), { recursive: true });
    }
    await Deno.mkdir(join(folder, "gpg"), { mode: 0o700 });
    const repository = [
      ...(options.cacheServers ?? []).map((url) => `CacheServer = ${url}`),
      ...options.servers.map((url) => `Server = ${url}`),
    ];
    const sandbox = await pacmanIsAtLeast(7, 0) ? ["DisableSandbox"] : [];
    const configuration = [
      "[options]",
      `RootDir = ${folder}/root`,
      `DBPath = ${folder}/db`,
      `CacheDir = ${folder}/cache`,
      `GPGDir = ${folder}/gpg`,
      `HookDir = ${folder}/hooks`,
      `LogFile = ${folder}/pacman.log`,
      `Architecture = ${options.architecture ?? "x86_64"}`,
      `SigLevel = ${options.sigLevel ?? "Never"}`,
      `ParallelDownloads = ${options.parallelDownloads ?? 5}`,
      "NoProgressBar",
      ...sandbox,
      ...(options.repositories ?? ["core", "extra"]).flatMap((
        name,
      ) => [`[${name}]`, ...repository]),
    ];
    await Deno.writeTextFile(join(folder, "pacman.conf"), configuration.join("\n") + "\n");
    await options.trust?.trustIn(join(folder, "gpg"));
    return new PacmanClient(folder, options.trust !== undefined);
  }

  /** Starts pacman with these arguments and does not wait for it. */
  start(...args: string[]): RunningPacman {
    const running = new RunningPacman([
      ...(Deno.uid() === 0 ? [] : ["fakeroot", "--"]),
      ...["pacman", "--config", join(this.folder, "pacman.conf")],
      ...["--noconfirm", ...args],
    ]);
    this.#running.add(running);
    running.finished.finally(() => this.#running.delete(running));
    return running;
  }

  /** Runs pacman to its end, whatever its exit code. */
  async try(...args: string[]): Promise<Finished> {
    return await this.start(...args).finished;
  }

  /**
   * Runs pacman to its end.
   * @returns what it printed on stdout.
   * @throws {Error} with all of its output, when its exit code is not 0.
   */
  async run(...args: string[]): Promise<string> {
    return expectSuccess(args, await this.try(...args));
  }

  /**
   * Runs pacman to its end.
   * @returns the HTTP status that it got for each file, by file name.
   * @throws {Error} with all of its output, when its exit code is not 0.
   */
  async statuses(...args: string[]): Promise<Map<string, number>> {
    const result = await this.try("--debug", ...args);
    expectSuccess(args, result);
    const found = (result.stdout + result.stderr).matchAll(/^debug: (\S+): response code (\d+)$/gm);
    return new Map(Array.from(found, ([, file = "", code]) => [file, Number(code)]));
  }

  /** Where a downloaded file is, or will be. */
  cached(file: string): string {
    return join(this.folder, "cache", file);
  }

  /** Bytes that have arrived of a download in progress; 0 when there is none. */
  async partSize(file: string): Promise<number> {
    // pacman 7 downloads into a folder of its own within the cache.
    const folders = [this.cached(".")];
    for await (const entry of Deno.readDir(this.cached("."))) {
      if (entry.isDirectory) folders.push(this.cached(entry.name));
    }
    const sizes = await Promise.all(
      folders.map((folder) => fileSize(join(folder, `${file}.part`))),
    );
    return Math.max(...sizes);
  }

  /** Waits until a download in progress has brought at least this many bytes. */
  async untilPart(file: string, bytes: number): Promise<void> {
    await until(
      `pacman has ${bytes} bytes of ${file}`,
      async () => await this.partSize(file) >= bytes,
    );
  }

  /** Where a sync database is ("core.db", "core.files"). */
  database(file: string): string {
    return join(this.folder, "db", "sync", file);
  }

  /** Where a file of an installed package is. */
  installed(path: string): string {
    return join(this.folder, "root", path);
  }

  /** Takes away the lock that a killed pacman left behind, as its user has to. */
  async unlock(): Promise<void> {
    await Deno.remove(join(this.folder, "db", "db.lck"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.kill();
    if (this.hasKeys) await stopAgent(join(this.folder, "gpg"));
  }
}

/** A pacman that has been started. */
export class RunningPacman {
  /** How it ended, at the latest after a minute and a half. */
  readonly finished: Promise<Finished>;
  readonly #child: Deno.ChildProcess;

  constructor(argv: readonly string[]) {
    // A process group of its own, so that a kill reaches pacman behind fakeroot as well.
    this.#child = new Deno.Command("setsid", {
      args: [...argv],
      env: childEnvironment(),
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.finished = finish(this.#child, 90_000, () => this.#signal());
  }

  #signal(): void {
    sendSignal(-this.#child.pid, "SIGKILL");
  }

  /** Ends it at once, mid-transfer. */
  async kill(): Promise<void> {
    this.#signal();
    await this.finished;
  }
}

/** What a pacman that was to succeed printed on stdout. */
export function expectSuccess(args: readonly string[], result: Finished): string {
  if (result.code !== 0) {
    throw new Error(
      `pacman ${
        args.join(" ")
      } failed with exit code ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout;
}
