import { type Exchange, exchange } from "./client.ts";
import type { Contestant } from "./contestant.ts";
import { Daemon, freePort } from "./daemon.ts";
import { cpuSeconds, peakResidentBytes, resetPeakResidentBytes } from "./process_figures.ts";
import { type PackageFile, type Repository, REPOSITORY_PATH, sha256Of } from "./repository.ts";
import type { Workspace } from "./workspace.ts";

const LONGEST_SETTLING_MS = 30_000;

/** What all subjects have in common in one run. */
export interface Bed {
  readonly workspace: Workspace;
  readonly repository: Repository;
  readonly mirrorPort: number;
  /** Takes the body of the largest file; used by one request at a time. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A contestant at work, with the files for hits in its cache. */
export class Subject {
  readonly #contestant: Contestant;
  readonly #bed: Bed;
  readonly #daemon: Daemon;
  #hasStarted = false;

  private constructor(contestant: Contestant, bed: Bed, daemon: Daemon) {
    this.#contestant = contestant;
    this.#bed = bed;
    this.#daemon = daemon;
  }

  /** Starts it, and fills its cache with the files for hits, byte by byte as the mirror has them. */
  static async start(contestant: Contestant, bed: Bed): Promise<Subject> {
    const folder = await makeFolder(contestant, bed.workspace, `subjects/${contestant.name}`);
    const daemon = await launch(contestant, bed, folder);
    const subject = new Subject(contestant, bed, daemon);
    const { small, medium, big } = bed.repository;
    // Once it has the database it knows, and checks, the SHA-256 of all that it fetches.
    const databasePath = subject.urlPath(`/${REPOSITORY_PATH}/core.db`);
    const database = await exchange(daemon.port, databasePath, { into: bed.body });
    if (database.status !== 200) {
      throw new Error(`${contestant.name} answers ${database.status} for core.db`);
    }
    for (const file of [small, medium, big]) {
      await subject.fetchVerified(file);
      await subject.settle(file);
    }
    return subject;
  }

  get name(): string {
    return this.#contestant.name;
  }

  get port(): number {
    return this.#daemon.port;
  }

  /** Whether a scenario means something for it. */
  takesPartIn(scenario: string): boolean {
    return !this.#contestant.skips?.includes(scenario);
  }

  /** The path of its URL for a path of the mirror. */
  urlPath(path: string): string {
    return (this.#contestant.pathPrefix ?? "") + path;
  }

  /** CPU time that it has taken so far. */
  cpuSeconds(): number {
    return cpuSeconds(this.#daemon.pid);
  }

  /** The most memory that it has had resident since the last call. */
  takePeakResidentBytes(): number {
    const bytes = peakResidentBytes(this.#daemon.pid);
    resetPeakResidentBytes(this.#daemon.pid);
    return bytes;
  }

  /** Gets a file and compares its length and SHA-256, after the clock has stopped. */
  async fetchVerified(file: PackageFile): Promise<Exchange> {
    const { body } = this.#bed;
    const response = await exchange(this.port, this.urlPath(file.path), { into: body });
    if (response.status !== 200) throw new Error(`Status ${response.status} for ${file.path}`);
    const { bytes, sha256 } = file.payload;
    if (response.bodyBytes !== bytes.length) {
      throw new Error(`${file.path} has ${response.bodyBytes} instead of ${bytes.length} bytes`);
    }
    if (await sha256Of(body.subarray(0, bytes.length)) !== sha256) {
      throw new Error(`${file.path} came with the wrong SHA-256`);
    }
    return response;
  }

  /** Waits until a file is a hit, so that nothing of its fetch falls into the next measurement. */
  async settle(file: PackageFile): Promise<Exchange> {
    return await waitForHit(this.#contestant, this.#daemon, file);
  }

  /** Throws unless a response was of a file that was not in the cache. */
  requireMiss({ headers }: Exchange, { path }: PackageFile): void {
    if (!this.#contestant.hasCacheStatus) return;
    const cache = headers.get("x-cache");
    if (cache !== "MISS") throw new Error(`X-Cache of ${path} is ${cache}, not MISS`);
  }

  /**
   * Takes a file that nobody will ask for again out of the cache, before the kernel writes it to
   * the disk in the middle of somebody else's measurement.
   */
  async discard(file: PackageFile): Promise<void> {
    const path = this.#contestant.cachedFile(this.#daemon.folder, file);
    if (path === null) return;
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Milliseconds from the exec of a second instance to its first answer, a small hit. */
  async measureStartMs(): Promise<number> {
    const { workspace } = this.#bed;
    const folder = await makeFolder(this.#contestant, workspace, `starts/${this.name}`);
    const start = async () => {
      const daemon = await launch(this.#contestant, this.#bed, folder);
      await waitForHit(this.#contestant, daemon, this.#bed.repository.small);
      await daemon.stop();
      return daemon.startMs;
    };
    // The very first one fills its cache, and the runtime's with its compiled code.
    if (!this.#hasStarted) await start();
    this.#hasStarted = true;
    return await start();
  }
}

async function launch(contestant: Contestant, bed: Bed, folder: string): Promise<Daemon> {
  const { workspace, mirrorPort, repository } = bed;
  const { name } = contestant;
  const port = freePort();
  const prepared = await contestant.prepare({ folder, port, mirrorPort });
  return await Daemon.start(workspace, {
    name,
    folder,
    port,
    launch: prepared,
    probePath: (contestant.pathPrefix ?? "") + repository.small.path,
  });
}

/** Whether a file is on the disk as a whole; true where nothing is stored. */
async function isStored(path: string | null, { payload }: PackageFile): Promise<boolean> {
  if (path === null) return true;
  try {
    return (await Deno.stat(path)).size === payload.bytes.length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A folder of this name, below the workspace's or where the contestant can write. */
async function makeFolder(
  { parentFolder }: Contestant,
  workspace: Workspace,
  name: string,
): Promise<string> {
  if (parentFolder === undefined) return await workspace.makeFolder(name);
  return await workspace.makeFolderBelow(parentFolder, name);
}

/** Asks for a file until it is a hit; by GET where the disk tells, as not all peers know HEAD. */
async function waitForHit(
  contestant: Contestant,
  { port, folder }: Daemon,
  file: PackageFile,
): Promise<Exchange> {
  const { hasCacheStatus, pathPrefix = "" } = contestant;
  const path = pathPrefix + file.path;
  const startedAt = performance.now();
  for (;;) {
    if (hasCacheStatus) {
      const response = await exchange(port, path, { method: "HEAD" });
      if (response.headers.get("x-cache") === "HIT") return response;
    } else if (await isStored(contestant.cachedFile(folder, file), file)) {
      return await exchange(port, path);
    }
    if (performance.now() - startedAt > LONGEST_SETTLING_MS) {
      throw new Error(`${path} does not become a hit`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
