import type { Clock } from "../async/clock.ts";
import { asFaultOfRequest, PkgstashError } from "../errors.ts";
import type { Publishing } from "../publishing/publishing.ts";
import { createRepository } from "./enqueue_accepted.ts";
import type { GitReference } from "./looks/look.ts";
import type { Looks } from "./looks/looks.ts";
import type { WatchedRepositories } from "./looks/watched_repositories.ts";
import type { PackageNeeds } from "./needs.ts";
import type { PackageStore } from "./packages/package_store.ts";
import type { Source, WatchedPackage } from "./packages/watched_package.ts";
import { type SourceTree, treeHash } from "./source_tree.ts";
import { type Added, addPlanned, addSource } from "./watch/adding.ts";
import type { DependencyPlan } from "./watch/dependency_plan.ts";
import { treeOf } from "./watch/tree_archive.ts";
import type { Watcher } from "./watch/watcher.ts";

export interface WatchListOptions {
  readonly store: PackageStore;
  readonly watcher: Watcher;
  readonly needs: PackageNeeds;
  readonly repositories: WatchedRepositories;
  readonly looks: Looks;
  readonly publishing: Pick<Publishing, "claim" | "create" | "repositories">;
  /** The repository in which builds are published. */
  readonly repository: () => string;
  readonly clock: Clock;
  /** Called after packages were added, before the result is returned. */
  readonly onAdded: () => Promise<void>;
}

/** The watched packages, which administrators add and remove. */
export class WatchList {
  readonly #options: WatchListOptions;

  constructor(options: WatchListOptions) {
    this.#options = options;
  }

  /** A plan for watching these AUR packages. */
  async plan(names: readonly string[]): Promise<DependencyPlan> {
    return await this.#options.needs.plan(names);
  }

  /**
   * Watches AUR packages and the AUR packages that they need.
   *
   * @throws PkgstashError `not_found` if the AUR lacks one of them; then nothing is watched.
   */
  async add(
    names: readonly string[],
    { by, skipsUnknown }: { by: string; skipsUnknown: boolean },
  ): Promise<Added> {
    const plan = await this.plan(names);
    if (plan.unknown.length > 0 && !skipsUnknown) {
      throw new PkgstashError(
        "not_found",
        `Cannot watch ${plan.unknown.join(", ")}: the AUR has no such package.`,
      );
    }
    await this.#prepareRepository(by);
    const { store, watcher, clock, needs, onAdded } = this.#options;
    const added = await addPlanned(plan, { store, watcher, clock, by });
    await needs.refresh();
    await onAdded();
    return added;
  }

  /**
   * Watches a package source that an administrator uploads, or receives its next state. Returns the
   * package base.
   *
   * @throws PkgstashError `invalid_request` if the files are rejected, `conflict` if the package base is
   * watched from another source.
   */
  async addFolder(files: Parameters<typeof treeOf>[0], by: string): Promise<WatchedPackage> {
    try {
      const tree = treeOf(files);
      return await this.#addSource({ kind: "folder" }, { tree, mark: await treeHash(tree), by });
    } catch (error) {
      throw asFaultOfRequest(error);
    }
  }

  /**
   * Watches a git repository that contains a package source; a builder fetches it.
   *
   * @throws PkgstashError like `addFolder` and `WatchedRepositories.fetch`.
   */
  async addRepository(from: GitReference, by: string): Promise<WatchedPackage> {
    const { repositories, looks } = this.#options;
    const { commit, tree } = await repositories.fetch(from, looks);
    try {
      const watched = await this.#addSource({ kind: "git", ...from }, { tree, mark: commit, by });
      repositories.noteTaken(watched.base);
      return watched;
    } catch (error) {
      throw asFaultOfRequest(error);
    }
  }

  async #addSource(
    source: Exclude<Source, { kind: "aur" }>,
    { tree, mark, by }: { tree: SourceTree; mark: string; by: string },
  ): Promise<WatchedPackage> {
    const { store, watcher, clock, onAdded } = this.#options;
    await this.#prepareRepository(by);
    const base = await addSource(source, { tree, mark, by, store, watcher, clock });
    await onAdded();
    return this.find(base);
  }

  async #prepareRepository(by: string): Promise<void> {
    const { publishing, repository } = this.#options;
    await publishing.claim();
    await createRepository(publishing, repository(), by);
  }

  /**
   * Stops watching a package base. Published packages stay.
   *
   * @throws PkgstashError `conflict` if another watched package base needs it.
   */
  async remove(name: string): Promise<WatchedPackage> {
    const watched = this.find(name);
    const needing = this.#options.store.list().filter(({ needs }) => needs.includes(watched.base));
    if (needing.length > 0) {
      throw new PkgstashError(
        "conflict",
        `Cannot stop watching ${watched.base}: ${needing.map(({ base }) => base).join(", ")} ` +
          "need it. Remove those first.",
      );
    }
    await this.#options.store.remove(watched.base);
    return watched;
  }

  /** @throws PkgstashError `not_found` if nothing of this name is watched. */
  find(name: string): WatchedPackage {
    const found = this.#options.store.findByName(name);
    if (found !== null) return found;
    throw new PkgstashError(
      "not_found",
      `Cannot find ${name}: it is not watched. See pkgstash aur list.`,
    );
  }
}
