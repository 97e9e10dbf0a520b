import { basename, join } from "@std/path";
import { PkgstashError, reasonOf } from "../errors.ts";
import {
  removeTreeIfPresent,
  renameDurably,
  statIfPresent,
  writeFileDurably,
} from "../platform/files/durable.ts";
import { sha256Of } from "../platform/files/file_digest.ts";
import { directoriesIfPresent } from "../platform/files/plain_directory.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import type { Generation, GenerationFile } from "./generation.ts";
import type { PackageStore } from "./package_store.ts";
import type { PublishedPackage } from "./published_package.ts";
import type { RepositoryLayout } from "./state_layout.ts";

const log = eventLogger("publishing");

const SUMMARY = "generation.json";
const PACKAGES = "packages.json";
const FORMER = "former.json";

/** A generation that is complete on disk. */
export interface LoadedGeneration {
  readonly generation: Generation;
  readonly packages: readonly PublishedPackage[];
  /** See `formerVersions`. */
  readonly former: readonly PublishedPackage[];
}

/** What is on disk of a repository. */
export interface StoredHistory {
  /** The readable generations, earliest first. The last one is served. */
  readonly generations: readonly Generation[];
  readonly packages: readonly PublishedPackage[];
  /** See `formerVersions`. */
  readonly former: readonly PublishedPackage[];
  /** The highest number ever assigned. */
  readonly lastNumber: number;
  /**
   * Whether every generation could be read, and there are generations if there are packages; if
   * not, nothing may be removed.
   */
  readonly isWhole: boolean;
}

/** The state before anything is published. */
export const NO_HISTORY: StoredHistory = {
  generations: [],
  packages: [],
  former: [],
  lastNumber: 0,
  isWhole: true,
};

/** The error for a repository whose publications have all become unreadable. */
export function lostHistory({ root }: RepositoryLayout): PkgstashError {
  const name = basename(root);
  return new PkgstashError(
    "storage",
    `Cannot publish ${name}: none of its publications can be read. Restore ${root} from a ` +
      `backup, or publish what remains with pkgstash repo rebuild ${name}.`,
  );
}

/** Every package on disk that is needed: served, former, or in a kept generation. */
export function keptPackages(
  { generations, packages, former }: Pick<StoredHistory, "generations" | "packages" | "former">,
): PublishedPackage[] {
  // A package of a kept generation is in the current one or has changed since.
  const changed = generations.slice(1).flatMap(({ changes }) =>
    changes.flatMap(({ from }) => from ?? [])
  );
  const bySha256 = new Map(
    [...changed, ...former, ...packages].map((each) => [each.sha256, each]),
  );
  return [...bySha256.values()];
}

/**
 * The generations of one repository on disk. Each is written in full beside the others, and
 * published in a single step: renaming its directory to the next number.
 */
export class GenerationStore {
  readonly #layout: RepositoryLayout;
  readonly #packages: PackageStore;

  constructor(layout: RepositoryLayout, packages: PackageStore) {
    this.#layout = layout;
    this.#packages = packages;
  }

  pathOf({ number }: Pick<Generation, "number">, file: string): string {
    return join(this.#layout.generation(number), file);
  }

  /** Reads all generations. Skips those after the newest complete one. */
  async load(): Promise<StoredHistory> {
    const numbers = await this.#numbers();
    const generations: Generation[] = [];
    let served: LoadedGeneration | null = null;
    for (const number of numbers.toReversed()) {
      try {
        if (served === null) {
          served = await this.read(number);
          generations.unshift(served.generation);
        } else generations.unshift(await this.#summary(number));
      } catch (error) {
        log.error("cannot use a generation", {
          generation: this.#layout.generation(number),
          reason: reasonOf(error),
        });
      }
    }
    return {
      generations,
      packages: served?.packages ?? [],
      former: served?.former ?? [],
      lastNumber: numbers.at(-1) ?? 0,
      isWhole: numbers.length === 0
        ? await this.#packages.isEmpty()
        : generations.length === numbers.length,
    };
  }

  /**
   * Reads a generation.
   *
   * @throws PkgstashError `storage` if any of its files or packages has changed.
   */
  async read(number: number): Promise<LoadedGeneration> {
    const generation = await this.#summary(number);
    for (const [name, { size, sha256 }] of Object.entries(generation.files)) {
      const path = this.pathOf(generation, name);
      if ((await statIfPresent(path))?.size !== size || await sha256Of(path) !== sha256) {
        throw damaged(path, "it differs from what was published");
      }
    }
    const packages = await this.packagesOf(generation);
    const lost = await this.#packages.firstLost(packages);
    if (lost !== null) throw damaged(this.#packages.pathOf(lost), "it is missing or truncated");
    return {
      generation,
      packages,
      // Generations of earlier versions lack it.
      former: FORMER in generation.files ? await this.#listIn(generation, FORMER) : [],
    };
  }

  /** The packages that a generation lists, whether or not their files exist. */
  async packagesOf(generation: Generation): Promise<readonly PublishedPackage[]> {
    return await this.#listIn(generation, PACKAGES);
  }

  /**
   * The packages of the latest generation with a readable list, whether or not their files exist;
   * null if there is none.
   */
  async listed(): Promise<readonly PublishedPackage[] | null> {
    for (const number of (await this.#numbers()).toReversed()) {
      try {
        const generation = await this.#summary(number);
        const path = this.pathOf(generation, PACKAGES);
        if (await sha256Of(path) !== generation.files[PACKAGES]?.sha256) continue;
        return await this.packagesOf(generation);
      } catch (error) {
        log.warn("cannot read the packages of a generation", {
          generation: this.#layout.generation(number),
          reason: reasonOf(error),
        });
      }
    }
    return null;
  }

  async #listIn(generation: Generation, name: string): Promise<readonly PublishedPackage[]> {
    return JSON.parse(await Deno.readTextFile(this.pathOf(generation, name)));
  }

  /**
   * Publishes a generation. `write` fills the directory that it is given, and returns what each
   * file must contain, by name.
   */
  async publish(
    summary: Omit<Generation, "files">,
    { packages, former }: Pick<LoadedGeneration, "packages" | "former">,
    write: (directory: string) => Promise<Record<string, GenerationFile>>,
  ): Promise<Generation> {
    const directory = join(this.#layout.staging, `generation-${summary.number}`);
    await removeTreeIfPresent(directory);
    await Deno.mkdir(directory, { recursive: true });
    try {
      const files: Record<string, GenerationFile> = await write(directory);
      for (const [name, list] of [[PACKAGES, packages], [FORMER, former]] as const) {
        await writeFileDurably(join(directory, name), JSON.stringify(list));
        files[name] = await describeFile(join(directory, name));
      }
      const generation: Generation = { ...summary, files };
      await writeFileDurably(join(directory, SUMMARY), JSON.stringify(generation, null, 1) + "\n");
      await renameDurably(directory, this.#layout.generation(generation.number));
      return generation;
    } catch (error) {
      await removeTreeIfPresent(directory).catch(() => {});
      throw error;
    }
  }

  /** Removes a generation; its summary first, so that a partial removal leaves no generation. */
  async remove({ number }: Generation): Promise<void> {
    await Deno.remove(this.pathOf({ number }, SUMMARY)).catch(() => {});
    await removeTreeIfPresent(this.#layout.generation(number));
  }

  /** In ascending order. */
  async #numbers(): Promise<number[]> {
    const { generations } = this.#layout;
    return (await directoriesIfPresent(generations)).map(Number)
      .filter((number) => Number.isSafeInteger(number) && number > 0)
      .sort((one, other) => one - other);
  }

  async #summary(number: number): Promise<Generation> {
    const path = this.pathOf({ number }, SUMMARY);
    const generation: Generation = JSON.parse(await Deno.readTextFile(path));
    if (generation.number !== number) {
      throw damaged(path, `it belongs to generation ${generation.number}`);
    }
    return generation;
  }
}

/** What a file must contain from now on. */
export async function describeFile(path: string): Promise<GenerationFile> {
  return { size: (await Deno.stat(path)).size, sha256: await sha256Of(path) };
}

function damaged(path: string, reason: string): PkgstashError {
  return new PkgstashError(
    "storage",
    `Cannot use ${basename(path)}: ${reason} (${path}). Restore it from a backup.`,
  );
}
