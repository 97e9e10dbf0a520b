import { join } from "@std/path";
import { TimeSlice } from "../../async/time_slice.ts";
import type { Expectation } from "../../repositories/package_index.ts";
import { fileKey, type Repository } from "../../repositories/repository.ts";
import { removeIfPresent, statIfPresent } from "../../platform/files/durable.ts";
import { sha256Of } from "../../platform/files/file_digest.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { CacheIndex } from "./cache_index.ts";
import type { CacheLayout } from "./cache_layout.ts";
import { recordedFiles } from "./recorded_files.ts";

const log = eventLogger("cache");

/** What a database says about its files, by name. */
type Packages = ReadonlyMap<string, Expectation>;

interface Cache {
  layout: CacheLayout;
  index: CacheIndex;
}

/**
 * Removes cached packages whose content differs from the database: packages are rebuilt under the
 * same name, and pacman would refuse the old build. A package without a recorded SHA-256 is
 * compared by size only; `verifyUnrecorded` reads it.
 *
 * `before` is what the previous database says. A package that changed since is removed even if only
 * its signature is cached, because the package itself may still be arriving.
 */
export async function removeReplaced(
  repository: Repository,
  packages: Packages,
  { layout, index, before = new Map() }: Cache & { before?: Packages },
): Promise<void> {
  for await (const { fileName, size, sha256 } of recordedFiles(index, repository.directory)) {
    const expected = packages.get(fileName);
    // Unchanged packages were compared when the previous database was published.
    if (expected === undefined || expected === before.get(fileName)) continue;
    if (expected.sha256 !== null && expected.sha256 === sha256 && expected.size === size) continue;
    const info = await statIfPresent(join(layout.directoryOf(repository), fileName));
    if (info !== null && areDifferent(expected, { size: info.size, sha256 })) {
      await remove(repository, fileName, { layout, index });
    }
  }
  const slice = new TimeSlice();
  for (const [fileName, expected] of packages) {
    if (slice.isOver) await slice.renew();
    const earlier = before.get(fileName);
    if (earlier === undefined || !areDifferent(earlier, expected)) continue;
    const sha256 = index.digestOf(repository.directory, fileName);
    if (sha256 !== null && sha256 === expected.sha256) continue;
    await remove(repository, fileName, { layout, index });
  }
}

/** Knows what the served database says about its files; null without a database. */
export interface ServedExpectations {
  packagesOf(repository: Repository): Promise<Packages | null>;
}

/**
 * Reads the cached packages without a recorded SHA-256: records it, or removes the package if its
 * content differs from the served database. Gets the database anew for each package, because
 * reading them all takes long enough for a new one to be published.
 */
export async function verifyUnrecorded(
  repository: Repository,
  served: ServedExpectations,
  { layout, index, signal }: Cache & { signal: AbortSignal },
): Promise<void> {
  for await (const { directory, fileName, sha256 } of recordedFiles(index, repository.directory)) {
    if (signal.aborted) return;
    const expectedSha256 = async () =>
      (await served.packagesOf(repository))?.get(fileName)?.sha256 ?? null;
    if (sha256 !== null || await expectedSha256() === null) continue;
    const path = join(layout.directoryOf(repository), fileName);
    const found = await identify(path, signal);
    const expected = await expectedSha256();
    // A file replaced while it was being read was recorded when it was fetched.
    if (found === null || (await statIfPresent(path))?.ino !== found.inode) continue;
    if (expected === null) continue;
    if (found.sha256 === expected) {
      index.recordDigest(directory, fileName, found.sha256);
      log.debug("verified a package found on disk", { file: fileKey(directory, fileName) });
    } else await remove(repository, fileName, { layout, index });
  }
}

function areDifferent(one: Expectation, other: Expectation): boolean {
  return (one.size !== null && other.size !== null && one.size !== other.size) ||
    (one.sha256 !== null && other.sha256 !== null && one.sha256 !== other.sha256);
}

async function remove(
  { directory }: Repository,
  fileName: string,
  { layout, index }: Cache,
): Promise<void> {
  const path = join(layout.root, directory, fileName);
  const existing = await statIfPresent(path);
  await removeIfPresent(path);
  await removeIfPresent(`${path}.sig`);
  index.forgetFile(directory, fileName);
  if (existing === null) return;
  index.removals.recordRemovals([{
    path: fileKey(directory, fileName),
    bytes: existing.size,
    reason: "replaced",
    why: "the database lists it with different contents",
  }], Date.now());
  // Clients that wanted the old build will want the new one.
  index.alsoWish(directory, fileName, Date.now());
  log.info("removed a package that the database lists with different contents", {
    file: fileKey(directory, fileName),
  });
}

/** SHA-256 and inode of a file; null if it is gone or the signal is aborted. */
async function identify(
  path: string,
  signal: AbortSignal,
): Promise<{ sha256: string; inode: number | null } | null> {
  try {
    using file = await Deno.open(path);
    const { ino } = await file.stat();
    return { sha256: await sha256Of(file, signal), inode: ino };
  } catch (error) {
    if (signal.aborted || error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
