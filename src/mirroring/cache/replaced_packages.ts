import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { Expectation } from "../../repositories/package_index.ts";
import { removeIfPresent, statIfPresent } from "../../platform/files/durable.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import type { Repository } from "../../repositories/repository.ts";

const log = eventLogger("cache");

/** What a database says of its files, by their names. */
type Packages = ReadonlyMap<string, Expectation>;

/**
 * Removes the cached packages that a database gives another content than they have: packages are
 * rebuilt under the same name, and whoever took the old one would be refused by pacman. Those whose
 * SHA-256 is not on record are told by their size for now; `verifyUnrecorded` looks closer.
 *
 * `before` is what the database before said: what has changed since is removed even if there is
 * only a signature yet, as when the package itself is still on its way.
 */
export async function removeReplaced(
  repository: Repository,
  packages: Packages,
  layout: CacheLayout,
  index: CacheIndex,
  before: Packages = new Map(),
): Promise<void> {
  const recorded = new Map(index.files(repository.directory).map((file) => [file.fileName, file]));
  for (const [fileName, { sha256 }] of recorded) {
    const expected = packages.get(fileName);
    if (expected === undefined) continue;
    const info = await statIfPresent(join(layout.directoryOf(repository), fileName));
    if (info !== null && areDifferent(expected, { size: info.size, sha256 })) {
      await remove(repository, fileName, layout, index);
    }
  }
  for (const [fileName, expected] of packages) {
    const earlier = before.get(fileName);
    if (earlier === undefined || !areDifferent(earlier, expected)) continue;
    const sha256 = recorded.get(fileName)?.sha256 ?? null;
    if (sha256 !== null && sha256 === expected.sha256) continue;
    await remove(repository, fileName, layout, index);
  }
}

/**
 * Reads the cached packages whose SHA-256 is not on record, and removes those that are replaced.
 * That may take long, so the served database is asked for again at each: it may be a new one.
 */
export async function verifyUnrecorded(
  repository: Repository,
  packagesOf: () => Promise<Packages | null>,
  layout: CacheLayout,
  index: CacheIndex,
  signal: AbortSignal,
): Promise<void> {
  for (const file of index.files(repository.directory)) {
    if (signal.aborted) return;
    const expectation = async () => (await packagesOf())?.get(file.fileName)?.sha256 ?? null;
    if (file.sha256 !== null || await expectation() === null) continue;
    const path = join(layout.directoryOf(repository), file.fileName);
    const found = await identify(path, signal);
    const expected = await expectation();
    // Replaced while it was being read: then the new one has been recorded.
    if (found === null || (await statIfPresent(path))?.ino !== found.inode) continue;
    if (expected === null) continue;
    if (found.sha256 === expected) {
      index.identified(file.directory, file.fileName, found.sha256);
      log.debug("package identified", { file: `${file.directory}/${file.fileName}` });
    } else await remove(repository, file.fileName, layout, index);
  }
}

function areDifferent(one: Expectation, other: Expectation): boolean {
  return (one.size !== null && other.size !== null && one.size !== other.size) ||
    (one.sha256 !== null && other.sha256 !== null && one.sha256 !== other.sha256);
}

async function remove(
  { directory }: Repository,
  fileName: string,
  layout: CacheLayout,
  index: CacheIndex,
): Promise<void> {
  const path = join(layout.root, directory, fileName);
  const existed = await statIfPresent(path) !== null;
  await removeIfPresent(path);
  await removeIfPresent(`${path}.sig`);
  index.removed(directory, fileName);
  if (!existed) return;
  // Whoever wanted the old content wants the new.
  index.alsoWish(directory, fileName, Date.now());
  log.info("package removed, the database names another content", {
    file: `${directory}/${fileName}`,
  });
}

async function identify(
  path: string,
  signal: AbortSignal,
): Promise<{ sha256: string; inode: number | null } | null> {
  try {
    using file = await Deno.open(path);
    const { ino } = await file.stat();
    const hash = createHash("sha256");
    for await (const chunk of file.readable) {
      if (signal.aborted) return null;
      hash.update(chunk);
    }
    return { sha256: hash.digest("hex"), inode: ino };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
