import { PkgstashError, reasonOf } from "../../errors.ts";
import {
  removeIfPresent,
  removeTreeIfPresent,
  statIfPresent,
  writeFileDurably,
} from "../../platform/files/durable.ts";
import {
  directoriesIfPresent,
  filesIfPresent,
  filesIn,
} from "../../platform/files/plain_directory.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { type Build, hasEnded, targetOf } from "./build.ts";
import { compressLog } from "./build_log.ts";
import { numberIn, type QueueLayout } from "./queue_layout.ts";

const log = eventLogger("builds");

/** The builds on disk, one file each. */
export class BuildStore {
  readonly #layout: QueueLayout;
  readonly #builds = new Map<number, Build>();
  #nextNumber = 1;

  private constructor(layout: QueueLayout) {
    this.#layout = layout;
  }

  /**
   * Reads all builds, and removes leftovers of a crash. A damaged file is left alone; its build is
   * unknown.
   */
  static async open(layout: QueueLayout): Promise<BuildStore> {
    const store = new BuildStore(layout);
    if (await statIfPresent(layout.builds) === null) return store;
    for (const { name } of await filesIn(layout.builds)) {
      const number = numberIn(name);
      if (number === null || !name.endsWith(".json")) continue;
      const build = await readBuild(layout.build(number));
      if (build !== null) store.#builds.set(number, build);
    }
    const numbers = [...store.#builds.keys()].map((number) => number + 1);
    store.#nextNumber = Math.max(await readNumber(layout.nextNumber), 1, ...numbers);
    await store.#removeLeftovers();
    return store;
  }

  /** All stored builds, the oldest first. */
  all(): Build[] {
    return [...this.#builds.values()].sort((one, other) => one.number - other.number);
  }

  /** Those of a package base, the oldest first. */
  of(packageBase: string): Build[] {
    return [...this.#builds.values()]
      .filter((build) => build.packageBase === packageBase)
      .sort((one, other) => one.number - other.number);
  }

  find(number: number): Build | null {
    return this.#builds.get(number) ?? null;
  }

  /** Returns the number for a new build. */
  async takeNumber(): Promise<number> {
    const number = this.#nextNumber;
    await this.#write(this.#layout.nextNumber, `${number + 1}\n`, "queue a build");
    this.#nextNumber = number + 1;
    return number;
  }

  /** Stores a build; memory always equals the disk. */
  async save(build: Build): Promise<void> {
    const text = `${JSON.stringify(build, null, 2)}\n`;
    await this.#write(this.#layout.build(build.number), text, `store build ${build.number}`);
    this.#builds.set(build.number, build);
  }

  /** Removes the packages of a build. */
  async dropProducts(number: number): Promise<void> {
    await removeTreeIfPresent(this.#layout.productsOf(number));
  }

  /** Removes the oldest ended builds beyond `most` of each package, and beyond `mostOfAll`. */
  async prune({ most, mostOfAll }: { most: number; mostOfAll: number }): Promise<void> {
    const counts = new Map<string, number>();
    let all = 0;
    for (const build of this.all().reverse()) {
      if (!hasEnded(build)) continue;
      const key = targetOf(build);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > most || ++all > mostOfAll) await this.#remove(build);
    }
  }

  async #remove({ number, attempts }: Build): Promise<void> {
    this.#builds.delete(number);
    await removeIfPresent(this.#layout.build(number));
    await this.dropProducts(number);
    for (const attempt of attempts) {
      const path = this.#layout.log(number, attempt.number);
      await removeIfPresent(path);
      await removeIfPresent(`${path}.gz`);
    }
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of await directoriesIfPresent(this.#layout.products)) {
      const build = this.#builds.get(numberIn(name) ?? 0);
      if (build === undefined || hasEnded(build)) {
        await removeTreeIfPresent(this.#layout.productsOf(numberIn(name) ?? 0));
      }
    }
    for (const { name } of await filesIfPresent(this.#layout.logs)) {
      const build = this.#builds.get(numberIn(name) ?? 0);
      const path = `${this.#layout.logs}/${name}`;
      if (build === undefined || name.endsWith(".new")) await removeIfPresent(path);
      else if (name.endsWith(".log") && hasEnded(build)) await compressLog(path);
    }
  }

  async #write(path: string, text: string, action: string): Promise<void> {
    try {
      await writeFileDurably(path, text, { mode: 0o600 });
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot ${action}: ${path} cannot be written (${reasonOf(error)}). ` +
          "Check that the disk is not full and that this user may write there.",
        { cause: error },
      );
    }
  }
}

/** Defaults for builds of older versions. */
const ADDED: Partial<Build> = { broken: [], pkgver: null, differences: [] };

async function readBuild(path: string): Promise<Build | null> {
  try {
    const build = JSON.parse(await Deno.readTextFile(path)) as Build;
    if (typeof build.number !== "number" || !Array.isArray(build.attempts)) {
      throw new Error("it is not a valid build record");
    }
    return { ...ADDED, ...build };
  } catch (error) {
    // One damaged file must not keep the daemon from serving everything else.
    log.error("cannot read a build; restore its file from a backup, or remove it", {
      path,
      reason: reasonOf(error),
    });
    return null;
  }
}

async function readNumber(path: string): Promise<number> {
  try {
    const number = Number(await Deno.readTextFile(path));
    if (Number.isSafeInteger(number) && number > 0) return number;
    log.warn("the number of the next build is damaged; it is derived from the builds", { path });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return 1;
}
