import { createHash } from "node:crypto";
import { type Exchange, exchange } from "./client.ts";
import type { Contestant, Site } from "./contestant.ts";
import { Daemon, freePort } from "./daemon.ts";
import type { LargeDatabase } from "./large_database.ts";
import type { PacmanUpdate } from "./pacman_update.ts";
import { cpuSeconds, peakResidentBytes, resetPeakResidentBytes } from "./process_figures.ts";
import { type PackageFile, REPOSITORY, type Repository, sha256Of } from "./repository.ts";
import type { Ability } from "./scenario.ts";
import type { SlowMirrors } from "./slow_mirrors.ts";
import type { Workspace } from "./workspace.ts";

const LONGEST_SETTLING_MS = 60_000;
const REST_MS = 200;
const CALM_MS = 500;

/** What all subjects have in common in one run. */
export interface Bed {
  readonly workspace: Workspace;
  readonly repository: Repository;
  readonly mirrorPort: number;
  readonly slowMirrors: SlowMirrors;
  readonly update: PacmanUpdate;
  readonly largeDatabase: LargeDatabase;
  /** Takes the body of a file of 100 MiB; used by one request at a time. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A running contestant. */
export class Instance implements AsyncDisposable {
  readonly contestant: Contestant;
  readonly bed: Bed;
  readonly daemon: Daemon;
  #earlierPeak = 0;

  protected constructor(contestant: Contestant, bed: Bed, daemon: Daemon) {
    this.contestant = contestant;
    this.bed = bed;
    this.daemon = daemon;
  }

  /** Starts a contestant in a folder, which may be filled already; it has the small file then. */
  static async start(
    contestant: Contestant,
    bed: Bed,
    folder: string,
    options: Partial<Pick<Site, "mirrorPorts" | "repositories">> = {},
  ): Promise<Instance> {
    return new Instance(contestant, bed, await launch(contestant, bed, folder, options));
  }

  get name(): string {
    return this.contestant.name;
  }

  get port(): number {
    return this.daemon.port;
  }

  /** Whether it can do what a scenario needs. */
  has(ability: Ability): boolean {
    return this.contestant.abilities?.includes(ability) === true;
  }

  /** The path of its URL for a path of the mirror. */
  urlPath(path: string): string {
    return (this.contestant.pathPrefix ?? "") + path;
  }

  /** CPU time that it has taken so far. */
  cpuSeconds(): number {
    return cpuSeconds(this.daemon.pid);
  }

  /** The most memory that it has had resident since the last call. */
  takePeakResidentBytes(): number {
    const bytes = Math.max(this.#earlierPeak, peakResidentBytes(this.daemon.pid));
    resetPeakResidentBytes(this.daemon.pid);
    this.#earlierPeak = 0;
    return bytes;
  }

  /** The most memory that it has resident from the call on; `takePeakResidentBytes` keeps its own. */
  watchMemory(): () => number {
    this.#earlierPeak = this.takePeakResidentBytes();
    return () => peakResidentBytes(this.daemon.pid);
  }

  /** Gets its copy of the database, by which it knows, if it can, the SHA-256 of all packages. */
  async fetchDatabase(): Promise<Exchange> {
    const path = this.urlPath(`${REPOSITORY.path}/${REPOSITORY.name}.db`);
    const response = await exchange(this.port, path);
    if (response.status !== 200) throw new Error(`Status ${response.status} for ${path}`);
    return response;
  }

  /** Gets a file and compares its length and SHA-256. */
  async fetchVerified({ path, payload }: PackageFile): Promise<Exchange> {
    const { body } = this.bed;
    const isSmall = payload.size <= body.length;
    // A digest beside the transfer would take its time.
    const hash = createHash("sha256");
    const response = await exchange(
      this.port,
      this.urlPath(path),
      isSmall ? { into: body } : { onPiece: (piece) => hash.update(piece) },
    );
    if (response.status !== 200) throw new Error(`Status ${response.status} for ${path}`);
    if (response.bodyBytes !== payload.size) {
      throw new Error(`${path} has ${response.bodyBytes} instead of ${payload.size} bytes`);
    }
    const digest = isSmall ? await sha256Of(body.subarray(0, payload.size)) : hash.digest("hex");
    if (digest !== payload.sha256) throw new Error(`${path} came with the wrong SHA-256`);
    return response;
  }

  /** Waits until a file is a hit, so that nothing of its fetch falls into the next measurement. */
  async settle(file: PackageFile): Promise<Exchange> {
    return await waitForHit(this.contestant, this.daemon, file);
  }

  /** Waits until it has nothing more to do. */
  async rest(): Promise<void> {
    for (let before = -1, now = this.cpuSeconds(); now !== before;) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
      before = now;
      now = this.cpuSeconds();
    }
  }

  /** Waits until it takes less than a third of a core. @throws {Error} if that takes too long. */
  async calm(): Promise<void> {
    const startedAt = performance.now();
    for (let before = this.cpuSeconds();;) {
      await new Promise((resolve) => setTimeout(resolve, CALM_MS));
      const now = this.cpuSeconds();
      if (now - before < CALM_MS / 1000 / 3) return;
      before = now;
      if (performance.now() - startedAt > LONGEST_SETTLING_MS) throw new Error("It stays busy");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.stop();
  }
}

async function launch(
  contestant: Contestant,
  bed: Bed,
  folder: string,
  { mirrorPorts = [bed.mirrorPort], repositories = [REPOSITORY.name] }: Partial<Site>,
): Promise<Daemon> {
  const { workspace, repository } = bed;
  const { name } = contestant;
  const port = freePort();
  return await Daemon.start(workspace, {
    name,
    folder,
    port,
    launch: await contestant.prepare({ folder, port, mirrorPorts, repositories }),
    probePath: (contestant.pathPrefix ?? "") + repository.small.path,
  });
}

/** Whether a file is on the disk as a whole; true where nothing is stored. */
async function isStored(path: string | null, { payload }: PackageFile): Promise<boolean> {
  if (path === null) return true;
  try {
    return (await Deno.stat(path)).size === payload.size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
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
