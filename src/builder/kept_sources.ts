import { join } from "@std/path";
import { eventLogger } from "../platform/observability/logging.ts";
import type { IdMapping } from "./sandbox/namespaces.ts";
import { runAsNamespaceRoot } from "./sandbox/run_sandbox.ts";

const log = eventLogger("builder");

/** The time of this file says when the directory beside it was last used: that belongs to builds. */
const MARK = ".used";

/**
 * Fetched sources of package bases, kept for their next builds while there is room. The least
 * recently used ones are removed first.
 */
export class KeptSources {
  readonly #directory: string;
  readonly #mapping: IdMapping;
  readonly #inUse = new Map<string, number>();

  constructor(directory: string, mapping: IdMapping) {
    this.#directory = directory;
    this.#mapping = mapping;
  }

  /** The directory of a package base. It is not removed before the returned value is disposed of. */
  async use(packageBase: string): Promise<{ readonly path: string } & Disposable> {
    this.#inUse.set(packageBase, (this.#inUse.get(packageBase) ?? 0) + 1);
    const path = join(this.#directory, packageBase);
    await Deno.mkdir(path, { recursive: true });
    await Deno.writeTextFile(`${path}${MARK}`, "");
    return {
      path,
      [Symbol.dispose]: () => {
        const users = (this.#inUse.get(packageBase) ?? 1) - 1;
        if (users === 0) this.#inUse.delete(packageBase);
        else this.#inUse.set(packageBase, users);
      },
    };
  }

  /** Removes directories that no build uses until the total is at most `maxBytes`. */
  async tidy(maxBytes: number): Promise<void> {
    const kept: { name: string; usedAt: number; bytes: number }[] = [];
    for (const name of await this.#names()) {
      kept.push({ name, usedAt: await this.#usedAt(name), bytes: await this.#bytesOf(name) });
    }
    let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of kept.toSorted((one, other) => one.usedAt - other.usedAt)) {
      if (total <= maxBytes) return;
      if (this.#inUse.has(name)) continue;
      const path = join(this.#directory, name);
      const paths = [path, `${path}${MARK}`];
      await runAsNamespaceRoot(this.#mapping, ["/usr/bin/rm", "-rf", "--", ...paths]);
      log.info("removed kept sources to make room", { package: name, bytes });
      total -= bytes;
    }
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#directory));
      return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** In milliseconds since the epoch; 0 for directories of an older builder. */
  async #usedAt(name: string): Promise<number> {
    try {
      return (await Deno.stat(join(this.#directory, `${name}${MARK}`))).mtime?.getTime() ?? 0;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return 0;
      throw error;
    }
  }

  async #bytesOf(name: string): Promise<number> {
    const path = join(this.#directory, name);
    const argv = ["/usr/bin/du", "-sB1", "--", path];
    const { stdout } = await runAsNamespaceRoot(this.#mapping, argv);
    return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
  }
}
