import { isDebugPackage } from "../formats/pacman/package_info.ts";
import type { OwnRepository } from "./own_repository.ts";
import type { PublishedPackage } from "./published_package.ts";

/** A repository, and the one for its debug packages; null if it has none of its own. */
export interface WithDebug {
  readonly repository: OwnRepository;
  readonly debug: OwnRepository | null;
}

/** The debug packages built together with packages of a repository. */
export async function builtWith(
  packages: readonly PublishedPackage[],
  { repository, debug }: WithDebug,
): Promise<PublishedPackage[]> {
  if (debug === null) return [];
  const bases = await basesOf(packages, repository);
  const versions = new Set(packages.map(({ version }) => version));
  return (await debugPackagesOf(bases, debug)).filter(({ version }) => versions.has(version));
}

/** The debug packages that belong to `removed` and to nothing in `rest`. */
export async function leftBy(
  removed: readonly PublishedPackage[],
  rest: readonly PublishedPackage[],
  { repository, debug }: WithDebug,
): Promise<PublishedPackage[]> {
  if (debug === null) return [];
  const bases = await basesOf(removed, repository);
  const found = await debugPackagesOf(bases, debug);
  // Packages built together have the same version, so only those need opening.
  const versions = new Set([...removed, ...found].map(({ version }) => version));
  const others = found.length === 0
    ? new Set()
    : await basesOf(rest.filter(({ version }) => versions.has(version)), repository);
  return found.filter(({ name }) => !others.has(name.slice(0, -SUFFIX.length)));
}

const SUFFIX = "-debug";

/** The debug packages built from these bases. */
async function debugPackagesOf(
  bases: ReadonlySet<string>,
  debug: OwnRepository,
): Promise<PublishedPackage[]> {
  const names = new Set([...bases].map((base) => `${base}${SUFFIX}`));
  const found: PublishedPackage[] = [];
  for (const each of await debug.published()) {
    if (!names.has(each.name)) continue;
    if (isDebugPackage((await debug.packages.factsOf(each)).info)) found.push(each);
  }
  return found;
}

async function basesOf(
  packages: readonly PublishedPackage[],
  { packages: store }: OwnRepository,
): Promise<Set<string>> {
  const bases = new Set<string>();
  for (const each of packages) {
    // A damaged package must be removable too.
    const facts = await store.factsOf(each).catch(() => null);
    bases.add(facts?.info.base ?? each.name);
  }
  return bases;
}
