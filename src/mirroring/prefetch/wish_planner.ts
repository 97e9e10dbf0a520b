import { Turns } from "../../async/turns.ts";
import type { Config } from "../../config/config.ts";
import { PkgstashError } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";
import { type PackageIndex, readPackageIndex } from "../../repositories/package_index.ts";
import type { Snapshot } from "../../repositories/snapshot.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import { recordedFiles } from "../cache/recorded_files.ts";
import type { Snapshots } from "../databases/snapshots.ts";
import { planPrefetch, type PrefetchLimits, type Wish } from "./prefetch_plan.ts";

const log = eventLogger("prefetch");

export interface WishPlannerOptions {
  index: Pick<CacheIndex, "directories" | "filesAfter" | "historyOf" | "wish" | "wishesOf">;
  snapshots: Pick<Snapshots, "indexOf" | "pathOf">;
  /** Called on each use, since the configuration may change. */
  tree: () => RepositoryTree;
  settings: () => PrefetchLimits & Pick<Config, "prefetch">;
}

/** The files to prefetch. They replace the recorded wishes of the planned directories. */
export interface WishList {
  wishes: Wish[];
  /** The directories covered by the plan. */
  planned: string[];
  /** When planning began, in milliseconds since the epoch; wishes recorded since then are kept. */
  plannedAt: number;
}

/** A repository whose database was replaced, and the previous snapshot. */
interface Published {
  repository: Repository;
  before: Snapshot | null;
}

/**
 * Determines which packages to prefetch, from the cache and the databases. It plans when a database
 * is replaced, because new dependencies show only in the old and the new one together, and again
 * before each prefetch.
 */
export class WishPlanner {
  readonly #options: WishPlannerOptions;
  readonly #turns = new Turns();
  /** The databases of the last plan, by directory. */
  readonly #seen = new Map<string, PackageIndex>();
  /**
   * The databases replaced since the last `plan`, by directory. Repositories change together: a new
   * dependency may appear in one that is published a moment later.
   */
  readonly #replaced = new Map<string, PackageIndex>();

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
      const { wishes, planned, plannedAt } = await this.#plan({ repository, before });
      for (const directory of planned) {
        const fileNames = wishes.filter((wish) => wish.directory === directory)
          .map(({ fileName }) => fileName);
        this.#options.index.wish(directory, fileNames, plannedAt);
      }
      log.debug("wishes recorded", { repository: directory, count: wishes.length });
    });
  }

  /** Plans for all repositories, or only for the group of a repository that was published. */
  async #plan(published: Published | null): Promise<WishList> {
    const { index, snapshots, tree, settings } = this.#options;
    const list: WishList = { wishes: [], planned: [], plannedAt: Date.now() };
    if (!settings().prefetch) return list;
    const cached = await Array.fromAsync(recordedFiles(index));
    const cachedIn = new Set(cached.map(({ directory }) => directory));
    for (const group of groupsOf(tree())) {
      const isOfGroup = ({ directory }: Repository) =>
        group.some((one) => one.directory === directory);
      if (published !== null && !isOfGroup(published.repository)) continue;
      // A rebuilt package has been removed from the cache, but is still wanted.
      const isInUse = group.some(({ directory }) =>
        cachedIn.has(directory) || index.wishesOf(directory).length > 0
      );
      if (!isInUse) continue;
      const repositories = [];
      for (const repository of group) {
        const { directory } = repository;
        const after = await snapshots.indexOf(repository);
        // The content of an unreadable database is unknown, and so is what is wanted.
        if (after === null || !after.isReadable) continue;
        const replaced = published?.repository.directory === directory ? published.before : null;
        const before = await this.#before(repository, after, { replaced });
        repositories.push({ directory, before, after });
      }
      const { wanted } = await planPrefetch({
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

  /** The database as of the last `plan`, or `after` if that is unknown. */
  async #before(
    repository: Repository,
    after: PackageIndex,
    { replaced }: { replaced: Snapshot | null },
  ): Promise<PackageIndex> {
    const { directory } = repository;
    const seen = this.#seen.get(directory);
    this.#seen.set(directory, after);
    const known = this.#replaced.get(directory);
    if (known !== undefined) return known;
    const before = seen !== undefined && seen !== after
      ? seen
      : await this.#readReplaced(repository, replaced);
    if (before !== null) this.#replaced.set(directory, before);
    return before ?? after;
  }

  /** The database before the first one since startup; null if it is gone. */
  async #readReplaced(
    repository: Repository,
    replaced: Snapshot | null,
  ): Promise<PackageIndex | null> {
    if (replaced === null) return null;
    const { snapshots } = this.#options;
    const path = snapshots.pathOf(repository, replaced.members.db.blob);
    try {
      return await readPackageIndex(path, await snapshots.indexOf(repository));
    } catch (error) {
      // The files of a replaced snapshot are kept only for a while, and an older version of
      // pkgstash may have accepted a database that this one cannot read.
      if (error instanceof Deno.errors.NotFound || error instanceof PkgstashError) return null;
      throw error;
    }
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
