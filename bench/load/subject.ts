import type { Exchange } from "./client.ts";
import type { Contestant, Site } from "./contestant.ts";
import { type Bed, Instance } from "./instance.ts";
import type { PackageFile } from "./repository.ts";
import type { Scenario } from "./scenario.ts";

/** A contestant at work, with the files for hits in its cache. */
export class Subject extends Instance {
  readonly #held = new Set<PackageFile>();
  /** Folders of instances that have been started once, by their purpose. */
  readonly #prepared = new Map<string, string>();
  #instances = 0;

  /** Starts it, and fills its cache with the files for hits, byte by byte as the mirror has them. */
  static override async start(contestant: Contestant, bed: Bed): Promise<Subject> {
    const folder = await makeFolder(contestant, bed, `subjects/${contestant.name}`);
    const { daemon } = await Instance.start(contestant, bed, folder);
    const subject = new Subject(contestant, bed, daemon);
    await subject.fetchDatabase();
    const { small, medium, big } = bed.repository;
    for (const file of [small, medium, big]) await subject.hold(file);
    return subject;
  }

  /** Whether a scenario means something for it. */
  takesPartIn({ name, needs }: Scenario): boolean {
    if (needs !== undefined && !this.has(needs)) return false;
    return !this.contestant.skips?.includes(name);
  }

  /** Makes sure that a file is in its cache. */
  async hold(file: PackageFile): Promise<void> {
    if (!this.#held.has(file)) await this.fetchVerified(file);
    this.#held.add(file);
    await this.settle(file);
  }

  /** Starts a second instance with an empty cache. */
  async startEmpty(
    options: Partial<Pick<Site, "mirrorPorts" | "repositories">> = {},
  ): Promise<Instance> {
    const folder = await this.#makeFolder(`instances/${this.name}-${this.#instances++}`);
    return await Instance.start(this.contestant, this.bed, folder, options);
  }

  /** Throws unless a response was of a file that was not in the cache. */
  requireMiss({ headers }: Exchange, { path }: PackageFile): void {
    if (!this.contestant.hasCacheStatus) return;
    const cache = headers.get("x-cache");
    if (cache !== "MISS") throw new Error(`X-Cache of ${path} is ${cache}, not MISS`);
  }

  /**
   * Takes a file that nobody will ask for again out of the cache, before the kernel writes it to
   * the disk in the middle of somebody else's measurement.
   */
  async discard(file: PackageFile): Promise<void> {
    const path = this.contestant.cachedFile(this.daemon.folder, file);
    if (path === null) return;
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /**
   * Milliseconds from the exec of a second instance to its first answer, a small hit. The very
   * first one of each purpose is not measured: it fills its cache, which `prepare` may have begun,
   * and the runtime's with its compiled code.
   */
  async measureStartMs(
    purpose: string,
    { prepare, repositories = ["core"] }: {
      prepare?: (folder: string) => Promise<void>;
      repositories?: readonly string[];
    } = {},
  ): Promise<number> {
    const earlier = this.#prepared.get(purpose);
    const folder = earlier ?? await this.#makeFolder(`${purpose}/${this.name}`);
    const start = async () => {
      await using instance = await Instance.start(this.contestant, this.bed, folder, {
        repositories,
      });
      await instance.settle(this.bed.repository.small);
      return instance.daemon.startMs;
    };
    if (earlier === undefined) {
      await prepare?.(folder);
      await start();
      this.#prepared.set(purpose, folder);
    }
    return await start();
  }

  #makeFolder(name: string): Promise<string> {
    return makeFolder(this.contestant, this.bed, name);
  }
}

/** A folder of this name, below the workspace's or where the contestant can write. */
async function makeFolder(
  { parentFolder }: Contestant,
  { workspace }: Bed,
  name: string,
): Promise<string> {
  if (parentFolder === undefined) return await workspace.makeFolder(name);
  return await workspace.makeFolderBelow(parentFolder, name);
}
