import { Turns } from "../../async/turns.ts";
import type { Config } from "../../config/config.ts";
import { readSyncDb, type SyncDbPackage } from "../../formats/pacman/sync_db.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import { planPrefetch, type PrefetchLimits, type Wish } from "./prefetch_plan.ts";

const log = eventLogger("prefetch");

export interface WishPlannerOptions {
  index: Pick<CacheIndex, "files" | "historyOf" | "wish" | "wishesOf">;
  snapshots: Pick<Snapshots, "current" | "pathOf">;
  /** Called at each use, since the configuration may change. */
  tree: () => RepositoryTree;
  settings: () => PrefetchLimits & Pick<Config, "prefetch">;
}

/** The files to prefetch. They replace the recorded wishes of the planned directories. */
export interface WishList {
  wishes: Wish[];
  /** The directories that were planned for. */
  planned: string[];
  /** When planning began, in milliseconds since the epoch; wishes recorded since then are kept. */
  plannedAt: number;
}

/**
 * Works out which packages to prefetch, from the cache and the databases. It plans when a database
 * is replaced, because new dependencies show only in the old and the new one together, and again
 * before each prefetch.
 */
export class WishPlanner {
  readonly #options: WishPlannerOptions;
  readonly #turns = new Turns();
  /**
   * The snapshots that were replaced since the last `plan`, by directory. Repositories change
   * together: a new dependency may appear in one that is published a moment later.
   */
  readonly #replaced = new Map<string, Snapshot>();

  constructor(options: WishPlannerOptions) {
    this.#options = options;
  }

  /** Plans for all repositories. */
  plan(): Promise<WishList> {
    return this.#turns.run(async () => {
      const list = await this.#plan(null);
      this.#replaced.clear();
      return list;
    });
  }

  /** Plans after the database of a repository was replaced, and records the wishes. */
  record(repository: Repository, before: Snapshot | null): Promise<void> {
    return this.#turns.run(async () => {
      const { directory } = repository;
      if (!this.#replaced.has(directory) && before !== null) this.#replaced.set(directory, before);
      const { wishes, planned, plannedAt } = await this.#plan(repository);
      for (const directory of planned) {
        const fileNames = wishes.filter((wish) => wish.directory === directory)
          .map(({ fileName }) => fileName);
        this.#options.index.wish(directory, fileNames, plannedAt);
      }
      log.debug("wishes recorded", { repository: directory, count: wishes.length });
    });
  }

  /** Plans for all repositories, or only for the group of `only`. */
  async #plan(only: Repository | null): Promise<WishList> {
    const { index, snapshots, tree, settings } = this.#options;
    const list: WishList = { wishes: [], planned: [], plannedAt: Date.now() };
    if (!settings().prefetch) return list;
    const cached = index.files();
    const cachedIn = new Set(cached.map(({ directory }) => directory));
    for (const group of groupsOf(tree())) {
      if (only !== null && !group.some(({ directory }) => directory === only.directory)) continue;
      // A rebuilt package has been removed from the cache, but is still wanted.
      const isInUse = group.some(({ directory }) =>
        cachedIn.has(directory) || index.wishesOf(directory).length > 0
      );
      if (!isInUse) continue;
      const repositories = [];
      for (const repository of group) {
        const snapshot = await snapshots.current(repository);
        if (snapshot === null) continue;
        const after = await this.#packages(repository, snapshot);
        const before = await this.#packagesBefore(repository, after);
        repositories.push({ directory: repository.directory, before, after });
      }
      const { wanted } = planPrefetch({
        repositories,
        cached,
        pending: repositories.flatMap(({ directory }) =>
          index.wishesOf(directory).map((fileName) => ({ directory, fileName }))
        ),
        historyOf: (directory, name) => index.historyOf(directory, name),
        limits: settings(),
        now: list.plannedAt,
      });
      list.wishes.push(...wanted);
      list.planned.push(...repositories.map(({ directory }) => directory));
    }
    return list;
  }

  /** The packages of the database before it was replaced, or `after` if that is unknown. */
  async #packagesBefore(
    repository: Repository,
    after: SyncDbPackage[],
  ): Promise<SyncDbPackage[]> {
    const { directory } = repository;
    const before = this.#replaced.get(directory);
    if (before === undefined) return after;
    try {
      return await this.#packages(repository, before);
    } catch (error) {
      // The files of a replaced snapshot are kept only for a while.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.#replaced.delete(directory);
      return after;
    }
  }

  async #packages(repository: Repository, { members }: Snapshot): Promise<SyncDbPackage[]> {
    const { snapshots } = this.#options;
    using file = await Deno.open(snapshots.pathOf(repository, members.db.blob));
    return await Array.fromAsync(readSyncDb(file.readable));
  }
}

/**
 * Groups the repositories of one upstream and architecture: packages move between them, and depend
 * on each other across them.
 */
function groupsOf(tree: RepositoryTree): Repository[][] {
  const groups = Map.groupBy(
    tree.repositories,
    ({ upstream, architecture }) => `${upstream} ${architecture}`,
  );
  return [...groups.values()];
}
