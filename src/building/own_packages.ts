import { isProvidedBy, isSatisfiedBy, parseDependency } from "../formats/pacman/dependency.ts";
import type { OwnRepository } from "../publishing/own_repository.ts";

/** Those of these dependencies that no package of these repositories satisfies. */
export async function unsatisfiedBy(
  repositories: readonly Pick<OwnRepository, "published">[],
  dependencies: readonly string[],
): Promise<readonly string[]> {
  if (dependencies.length === 0) return [];
  const own = (await Promise.all(repositories.map((each) => each.published()))).flat();
  return dependencies.filter((text) => {
    const dependency = parseDependency(text);
    return !own.some((each) =>
      isSatisfiedBy(dependency, each) ||
      each.provides.some((provided) => isProvidedBy(dependency, parseDependency(provided)))
    );
  });
}
