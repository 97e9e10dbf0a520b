import type { Generation } from "./generation.ts";
import type { GenerationStore } from "./generation_store.ts";
import type { PublishedPackage } from "./published_package.ts";

/** As many generations have their packages in memory: some megabytes each at most. */
const MAX_GENERATIONS = 4;

/** The packages of generations in views; those that were asked for last are in memory. */
export class ViewedPackages {
  readonly #store: Pick<GenerationStore, "packagesOf">;
  /** By the numbers of generations, and file names. */
  readonly #read = new Map<number, ReadonlyMap<string, PublishedPackage>>();

  constructor(store: Pick<GenerationStore, "packagesOf">) {
    this.#store = store;
  }

  /** The package that a generation has under a file name; null if it has none. */
  async find(generation: Generation, fileName: string): Promise<PublishedPackage | null> {
    const { number } = generation;
    const files = this.#read.get(number) ?? await this.#filesOf(generation);
    // The one that was asked for last is the last to give way.
    this.#read.delete(number);
    this.#read.set(number, files);
    const [oldest] = this.#read.keys();
    if (this.#read.size > MAX_GENERATIONS) this.#read.delete(oldest!);
    return files.get(fileName) ?? null;
  }

  async #filesOf(generation: Generation): Promise<ReadonlyMap<string, PublishedPackage>> {
    const packages = await this.#store.packagesOf(generation);
    return new Map(packages.map((each) => [each.fileName, each]));
  }
}
