import { Turns } from "../../async/turns.ts";
import { isAurName } from "../../formats/aur/rpc_answer.ts";
import { PkgstashError, reasonOf } from "../../errors.ts";
import { removeIfPresent, writeFileDurably } from "../../platform/files/durable.ts";
import { filesIfPresent } from "../../platform/files/plain_directory.ts";
import type { BuildingLayout } from "../building_layout.ts";
import type { WatchedPackage } from "./watched_package.ts";

/**
 * The watched package bases. They are read once; each change is on disk before it becomes visible, so
 * a restart loses nothing.
 */
export class PackageStore {
  readonly #layout: BuildingLayout;
  readonly #packages: Map<string, WatchedPackage>;
  readonly #turns = new Turns();

  private constructor(layout: BuildingLayout, packages: Map<string, WatchedPackage>) {
    this.#layout = layout;
    this.#packages = packages;
  }

  /**
   * Reads them all.
   *
   * @throws PkgstashError `storage` if a file cannot be read or is damaged: without it, what was
   * accepted is unknown.
   */
  static async open(layout: BuildingLayout): Promise<PackageStore> {
    const packages = new Map<string, WatchedPackage>();
    for (const { name } of await filesIfPresent(layout.packages)) {
      const base = /^(.+)\.json$/.exec(name)?.[1];
      if (base === undefined || !isAurName(base)) continue;
      packages.set(base, await readPackage(layout.package(base), base));
    }
    return new PackageStore(layout, packages);
  }

  /** All of them, by name. */
  list(): WatchedPackage[] {
    return [...this.#packages.values()].sort((one, other) => one.base < other.base ? -1 : 1);
  }

  find(base: string): WatchedPackage | null {
    return this.#packages.get(base) ?? null;
  }

  /** The package base of this name, or the one with a package of this name. */
  findByName(name: string): WatchedPackage | null {
    return this.find(name) ?? this.list().find(({ names }) => names.includes(name)) ?? null;
  }

  /**
   * Applies a change to the current state of a package base once it is its turn, if it is still
   * watched; returns the new state.
   *
   * @throws PkgstashError `storage` if it cannot be written; then nothing has changed.
   */
  async update(
    base: string,
    change: (watched: WatchedPackage) => WatchedPackage,
  ): Promise<WatchedPackage | null> {
    return await this.#turns.run(async () => {
      const watched = this.find(base);
      if (watched === null) return null;
      const changed = change(watched);
      if (changed !== watched) await this.#write(changed);
      return changed;
    });
  }

  /** Adds one, or replaces it. */
  async add(watched: WatchedPackage): Promise<void> {
    await this.#turns.run(() => this.#write(watched));
  }

  async #write(watched: WatchedPackage): Promise<void> {
    const path = this.#layout.package(watched.base);
    try {
      await writeFileDurably(path, `${JSON.stringify(watched, null, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot write ${path}: ${reasonOf(error)}. ` +
          "Check that the disk is not full and that this user may write there.",
        { cause: error },
      );
    }
    this.#packages.set(watched.base, watched);
  }

  async remove(base: string): Promise<void> {
    await this.#turns.run(async () => {
      await removeIfPresent(this.#layout.package(base));
      this.#packages.delete(base);
    });
  }

  /** The hashes of all referenced trees. */
  trees(): Set<string> {
    return new Set(
      this.list().flatMap(({ candidates, accepted }) => [
        ...candidates.map(({ treeHash }) => treeHash),
        ...(accepted === null ? [] : [accepted.treeHash]),
      ]),
    );
  }
}

async function readPackage(path: string, base: string): Promise<WatchedPackage> {
  try {
    const watched = JSON.parse(await Deno.readTextFile(path)) as WatchedPackage;
    const isWhole = watched.base === base && Array.isArray(watched.candidates) &&
      Array.isArray(watched.names) && Array.isArray(watched.decisions) &&
      typeof watched.accepted === "object" && typeof watched.source?.kind === "string";
    if (!isWhole) throw new Error("it is not a valid watched package");
    // Files of older releases have no settings.
    return { ...watched, settings: watched.settings ?? null, proposed: watched.proposed ?? null };
  } catch (error) {
    throw new PkgstashError(
      "storage",
      `Cannot read the watched package in ${path}: ${reasonOf(error)}. Restore the file from a ` +
        "backup, or remove it and add the package again.",
      { cause: error },
    );
  }
}
