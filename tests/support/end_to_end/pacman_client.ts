import { join } from "@std/path";
import {
  expectSuccess,
  finish,
  type Finished,
  runCommand,
  sendSignal,
  startProgram,
} from "../child_process.ts";
import { until } from "../until.ts";
import { fileSize } from "./file_size.ts";
import type { BuiltPackage } from "./package_builder.ts";
import { stopAgent } from "./signing_key.ts";

const TIMEOUT_MS = 90_000;

/** A key that a client can be made to trust. */
export interface TrustedKey {
  /** Makes a client's GnuPG home trust the key's signatures. */
  trustIn(home: string): Promise<void>;
}

/** Several keys that a client trusts all of. */
export function trustedTogether(...keys: readonly TrustedKey[]): TrustedKey {
  return {
    trustIn: async (home) => {
      for (const key of keys) await key.trustIn(home);
    },
  };
}

export interface PacmanOptions {
  /** `Server` lines of every repository, in order. */
  readonly servers: readonly string[];
  /** `CacheServer` lines, for pacman 6.1 and later. */
  readonly cacheServers?: readonly string[];
  /** Repositories; `core` and `extra` by default. */
  readonly repositories?: readonly string[];
  readonly architecture?: string;
  readonly sigLevel?: string;
  readonly parallelDownloads?: number;
  /** A key whose signatures the client trusts. */
  readonly trust?: TrustedKey;
}

let version: Promise<string> | undefined;

/** The installed pacman's version, such as "6.0.2". */
export function pacmanVersion(): Promise<string> {
  version ??= runCommand(["pacman", "--version"]).then((text) => {
    const found = /Pacman v(\d+\.\d+[\d.]*)/.exec(text)?.[1];
    if (found === undefined) throw new Error(`pacman --version prints no version:\n${text}`);
    return found;
  });
  return version;
}

/** Whether the installed pacman is at least `major.minor`. */
export async function pacmanIsAtLeast(major: number, minor: number): Promise<boolean> {
  const [installedMajor = 0, installedMinor = 0] = (await pacmanVersion()).split(".").map(Number);
  return installedMajor > major || (installedMajor === major && installedMinor >= minor);
}

/** A machine as far as pacman can see: root, databases, cache and keys, all in one folder. */
export class PacmanClient implements AsyncDisposable {
  readonly folder: string;
  readonly #hasKeys: boolean;
  readonly #running = new Set<RunningPacman>();

  private constructor(folder: string, hasKeys: boolean) {
    this.folder = folder;
    this.#hasKeys = hasKeys;
  }

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

  /** Starts pacman and does not wait for it. */
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

  /** Runs pacman to its end; a failure is a result like any other. */
  async try(...args: string[]): Promise<Finished> {
    return await this.start(...args).finished;
  }

  /**
   * Runs pacman to its end.
   * @returns what it printed on stdout.
   * @throws {Error} with all of its output, if it fails.
   */
  async run(...args: string[]): Promise<string> {
    return await this.start(...args).succeeded();
  }

  /**
   * Runs pacman to its end.
   * @returns the HTTP status that it received for each file, by file name.
   * @throws {Error} with all of its output, if it fails.
   */
  async statuses(...args: string[]): Promise<Map<string, number>> {
    const pacman = this.start("--debug", ...args);
    await pacman.succeeded();
    const { stdout, stderr } = await pacman.finished;
    const found = (stdout + stderr).matchAll(/^debug: (\S+): response code (\d+)$/gm);
    return new Map(Array.from(found, ([, file = "", code]) => [file, Number(code)]));
  }

  /** Starts to download a package and waits until at least `bytes` of it have arrived. */
  async downloadUntil({ name, file }: BuiltPackage, bytes: number): Promise<RunningPacman> {
    const download = this.start("-Sw", name);
    await until(
      `pacman has ${bytes} bytes of ${file}`,
      async () => await this.partSize(file) >= bytes,
    );
    return download;
  }

  /** Puts the beginning of a package where pacman keeps it for resuming a download. */
  async putPart({ file, path }: BuiltPackage, bytes: number): Promise<void> {
    const content = (await Deno.readFile(path)).subarray(0, bytes);
    await Deno.writeFile(this.cached(`${file}.part`), content);
  }

  /** The path that a downloaded file has. */
  cached(file: string): string {
    return join(this.folder, "cache", file);
  }

  /** Bytes that have arrived of an unfinished download; 0 if there is none. */
  async partSize(file: string): Promise<number> {
    // pacman 7 downloads into subfolders of the cache.
    const folders = [this.cached(".")];
    for await (const entry of Deno.readDir(this.cached("."))) {
      if (entry.isDirectory) folders.push(this.cached(entry.name));
    }
    const sizes = await Promise.all(
      folders.map((folder) => fileSize(join(folder, `${file}.part`))),
    );
    return Math.max(...sizes);
  }

  /** The path of a sync database ("core.db", "core.files"). */
  database(file: string): string {
    return join(this.folder, "db", "sync", file);
  }

  /** The path of a file of an installed package. */
  installed(path: string): string {
    return join(this.folder, "root", path);
  }

  /** Removes the lock that a killed pacman leaves behind, as its user has to. */
  async unlock(): Promise<void> {
    await Deno.remove(join(this.folder, "db", "db.lck"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.kill();
    if (this.#hasKeys) await stopAgent(join(this.folder, "gpg"));
  }
}

/** A pacman that has been started. */
export class RunningPacman {
  /** How it ended. It is killed after a minute and a half. */
  readonly finished: Promise<Finished>;
  readonly #argv: readonly string[];
  readonly #child: Deno.ChildProcess;

  constructor(argv: readonly string[]) {
    this.#argv = argv;
    // In its own process group, so that a kill also reaches a pacman behind fakeroot.
    this.#child = startProgram(["setsid", ...argv]);
    this.finished = finish(this.#child, TIMEOUT_MS, () => this.#kill());
  }

  /**
   * Waits for its end.
   * @returns what it printed on stdout.
   * @throws {Error} with all of its output, if it fails.
   */
  async succeeded(): Promise<string> {
    return expectSuccess(this.#argv, await this.finished);
  }

  /** Ends it at once, mid-transfer. */
  async kill(): Promise<void> {
    this.#kill();
    await this.finished;
  }

  #kill(): void {
    sendSignal(-this.#child.pid, "SIGKILL");
  }
}
