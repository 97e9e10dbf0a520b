import type { Generation } from "./generation.ts";
import type { GenerationStore } from "./generation_store.ts";
import { byFileName, type PublishedPackage } from "./published_package.ts";

/** Number of generations whose packages stay in memory: at most some megabytes each. */
const MAX_GENERATIONS = 4;

/** The packages of generations in views; the most recently used stay in memory. */
export class ViewedPackages {
  readonly #store: Pick<GenerationStore, "packagesOf">;
  /** By number of the generation. */
  readonly #read = new Map<number, readonly PublishedPackage[]>();

  constructor(store: Pick<GenerationStore, "packagesOf">) {
    this.#store = store;
  }

  /** The package that a generation has under a file name; null if it has none. */
  async find(generation: Generation, fileName: string): Promise<PublishedPackage | null> {
    const { number } = generation;
    const packages = this.#read.get(number) ?? await this.#store.packagesOf(generation);
    // Most recently used last, evicted last.
    this.#read.delete(number);
    this.#read.set(number, packages);
    const [oldest] = this.#read.keys();
    if (this.#read.size > MAX_GENERATIONS) this.#read.delete(oldest!);
    return byFileName(packages).get(fileName) ?? null;
  }
}
