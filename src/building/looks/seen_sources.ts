import { PkgstashError, reasonOf } from "../../errors.ts";
import { writeFileDurably } from "../../platform/files/durable.ts";
import type { SeenSources } from "./look.ts";

/** The last known state of the sources of package bases, on disk. */
export class SeenSourcesStore {
  readonly #path: string;
  readonly #seen: Map<string, SeenSources>;

  private constructor(path: string, seen: Map<string, SeenSources>) {
    this.#path = path;
    this.#seen = seen;
  }

  /** @throws PkgstashError `storage` if the file cannot be read. */
  static async open(path: string): Promise<SeenSourcesStore> {
    try {
      const seen = JSON.parse(await Deno.readTextFile(path)) as Record<string, SeenSources>;
      const isWhole = Object.values(seen).every(({ treeHash, at, commits }) =>
        typeof treeHash === "string" && typeof at === "number" && typeof commits === "object"
      );
      if (!isWhole) throw new Error("it is not a valid list of sources");
      return new SeenSourcesStore(path, new Map(Object.entries(seen)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new SeenSourcesStore(path, new Map());
      throw new PkgstashError(
        "storage",
        `Cannot read what sources packages follow in ${path}: ${
          reasonOf(error)
        }. Remove the file; ` +
          "sources are then checked anew, and commits before that cause no build.",
        { cause: error },
      );
    }
  }

  find(base: string): SeenSources | null {
    return this.#seen.get(base) ?? null;
  }

  /** Stores the state of a package base, and drops those that are no longer watched. */
  async keep(base: string, seen: SeenSources, isWatched: (base: string) => boolean): Promise<void> {
    const all = new Map([...this.#seen].filter(([each]) => isWatched(each)));
    all.set(base, seen);
    const sorted = [...all].toSorted(([one], [other]) => one < other ? -1 : 1);
    const text = `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
    await writeFileDurably(this.#path, text, { mode: 0o600 });
    for (const each of this.#seen.keys()) if (!all.has(each)) this.#seen.delete(each);
    this.#seen.set(base, seen);
  }
}
