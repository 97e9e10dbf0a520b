import { statIfPresent } from "../../platform/files/durable.ts";
import type { CacheLayout } from "./cache_layout.ts";
import type { Repository, RepositoryTree } from "../../repositories/repository.ts";

/**
 * The repositories to refresh: all of the first upstream, and those of the others that a client has
 * used. Not every repository of an upstream exists for every architecture.
 */
export async function repositoriesInUse(
  tree: RepositoryTree,
  layout: CacheLayout,
): Promise<Repository[]> {
  const repositories = [...tree.repositories];
  const first = repositories[0]?.upstream;
  const inUse = await Promise.all(
    repositories.map(async (repository) =>
      repository.upstream === first ||
      await statIfPresent(layout.snapshotsOf(repository)) !== null ||
      await statIfPresent(layout.directoryOf(repository)) !== null
    ),
  );
  return repositories.filter((_, index) => inUse[index]);
}
