import type { CacheIndex } from "../cache/cache_index.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";
import type { Config } from "../../config/config.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import { readSyncDb, type SyncDbPackage } from "../../formats/pacman/sync_db.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import { planPrefetch, type PrefetchLimits, type Wish } from "./prefetch_plan.ts";

const log = eventLogger("prefetch");

export interface WishPlannerOptions {
  index: CacheIndex;
  snapshots: Pick<Snapshots, "current" | "pathOf">;
  /** The configuration in force, asked for at each use. */
  tree: () => RepositoryTree;
  settings: () => PrefetchLimits & Pick<Config, "prefetch">;
}

/** What is wished for, and from which directories: those that were planned for replace the old. */
export interface WishList {
  wishes: Wish[];
  planned: string[];
  /** When the planning began, in milliseconds since the epoch. */
  plannedAt: number;
}

/**
 * Works out which packages to fetch before anyone asks, from what is cached and what the databases
 * say. It looks when a database is replaced, since what a version newly depends on can only be told
 * from the two together, and again before each prefetch.
 */
export class WishPlanner {
  #busy: Promise<unknown> = Promise.resolve();
  /**
   * By directory, the snapshots that have been replaced since the last `plan`. Repositories change
   * together, and what one newly depends on may be new in another that is published a moment later.
   */
  readonly #replaced = new Map<string, Snapshot>();

  constructor(private readonly options: WishPlannerOptions) {}

  /** The wishes of now, as recorded ones and the databases have it. */
  plan(): Promise<WishList> {
    return this.#inTurn(async () => {
      const list = await this.#plan(null);
      this.#replaced.clear();
      return list;
    });
  }

  /** Records what the replacement of a repository's database makes worth fetching. */
  record(repository: Repository, before: Snapshot | null): Promise<void> {
    return this.#inTurn(async () => {
      const { directory } = repository;
      if (!this.#replaced.has(directory) && before !== null) this.#replaced.set(directory, before);
      const { wishes, planned, plannedAt } = await this.#plan(repository);
      for (const directory of planned) {
        const fileNames = wishes.filter((wish) => wish.directory === directory)
          .map(({ fileName }) => fileName);
        this.options.index.wish(directory, fileNames, plannedAt);
      }
      log.debug("wishes recorded", { repository: directory, count: wishes.length });
    });
  }

  /** Waits until what was begun is done. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  /** Plans for all repositories, or for those that belong together with `only`. */
  async #plan(only: Repository | null): Promise<WishList> {
    const { index, tree, settings } = this.options;
    const list: WishList = { wishes: [], planned: [], plannedAt: Date.now() };
    if (!settings().prefetch) return list;
    const cached = index.files();
    const cachedIn = new Set(cached.map(({ directory }) => directory));
    for (const group of groupsOf(tree())) {
      if (only !== null && !group.some(({ directory }) => directory === only.directory)) continue;
      // A rebuilt package is gone from the cache, and wished for all the same.
      const isInUse = group.some(({ directory }) =>
        cachedIn.has(directory) || index.wishesOf(directory).length > 0
      );
      if (!isInUse) continue;
      const repositories = [];
      for (const repository of group) {
        const after = await this.#packages(repository, await this.#current(repository));
        if (after === null) continue;
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

  #current(repository: Repository): Promise<Snapshot | null> {
    return this.options.snapshots.current(repository);
  }

  async #packagesBefore(
    repository: Repository,
    after: SyncDbPackage[],
  ): Promise<SyncDbPackage[] | null> {
    const { directory } = repository;
    const before = this.#replaced.get(directory);
    if (before === undefined) return after;
    try {
      return await this.#packages(repository, before);
    } catch (error) {
      // The files of a replaced snapshot stay for a while only.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.#replaced.delete(directory);
      return after;
    }
  }

  async #packages(
    repository: Repository,
    snapshot: Snapshot | null,
  ): Promise<SyncDbPackage[] | null> {
    if (snapshot === null) return null;
    using file = await Deno.open(
      this.options.snapshots.pathOf(repository, snapshot.members.db.blob),
    );
    return await Array.fromAsync(readSyncDb(file.readable));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(work);
    this.#busy = turn.catch(() => {});
    return turn;
  }
}

/** Repositories that packages move between and depend across: of one upstream, for one machine. */
function groupsOf(tree: RepositoryTree): Repository[][] {
  const groups = new Map<string, Repository[]>();
  for (const repository of tree.repositories) {
    const key = `${repository.upstream} ${repository.architecture}`;
    groups.set(key, [...groups.get(key) ?? [], repository]);
  }
  return [...groups.values()];
}
