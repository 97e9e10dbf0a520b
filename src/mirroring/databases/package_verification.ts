import type { Repository } from "../../repositories/repository.ts";
import type { SnapshotStore } from "../../repositories/snapshot_store.ts";
import type { CacheIndex } from "../cache/cache_index.ts";
import type { CacheLayout } from "../cache/cache_layout.ts";
import { type ServedExpectations, verifyUnrecorded } from "../cache/replaced_packages.ts";

export interface PackageVerificationOptions {
  layout: CacheLayout;
  index: CacheIndex;
  store: Pick<SnapshotStore, "current">;
  served: ServedExpectations;
  /** Resolves once the index has been compared with the disk after startup. */
  indexed: () => Promise<void>;
  signal: AbortSignal;
}

/** Verifies cached packages that changed while the daemon was not running. */
export class PackageVerification {
  readonly #options: PackageVerificationOptions;
  /** Directories whose packages have been compared with a database since startup. */
  readonly #verified = new Set<string>();

  constructor(options: PackageVerificationOptions) {
    this.#options = options;
  }

  /** Whether the packages of a repository have been compared with a database since startup. */
  isDone({ directory }: Repository): boolean {
    return this.#verified.has(directory);
  }

  /** Verifies the packages without a recorded SHA-256, if there is a database. */
  async run(repository: Repository): Promise<void> {
    const { layout, index, store, served, indexed, signal } = this.#options;
    await indexed();
    // Without packages there is no need to read the database.
    if (index.filesAfter(repository.directory, "", 1).length === 0) return;
    if (await store.current(repository) === null) return;
    this.#verified.add(repository.directory);
    await verifyUnrecorded(repository, served, { layout, index, signal });
  }
}
