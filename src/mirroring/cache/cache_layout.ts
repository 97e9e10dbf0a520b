import { join } from "@std/path";
import { keyOf, type PackageFile, type Repository } from "../../repositories/repository.ts";

/**
 * The tree on disk:
 *
 *     <cache_root>/
 *       core/os/x86_64/                 as on a mirror: packages and their signatures
 *       .pkgstash/
 *         VERSION                       of this layout
 *         index.sqlite                  what is cached and who wanted it
 *         last-refresh                  its time is when all databases were last refreshed
 *         lock                          held by the running daemon
 *         parts/core/os/x86_64/         transfers that are not finished
 *           NAME.part                     the bytes so far
 *           NAME.json                     whose bytes they are
 *         snapshots/core/os/x86_64/     databases
 *           current.json                  names the files of the published set
 *           GENERATION-core.db ...        those files, and those of sets before it
 *
 * Names that begin with a dot are never served, so nothing below `.pkgstash` can be asked for.
 */
export class CacheLayout {
  readonly state: string;

  constructor(readonly root: string) {
    this.state = join(root, ".pkgstash");
  }

  get lock(): string {
    return join(this.state, "lock");
  }

  get version(): string {
    return join(this.state, "VERSION");
  }

  get index(): string {
    return join(this.state, "index.sqlite");
  }

  get lastRefresh(): string {
    return join(this.state, "last-refresh");
  }

  get parts(): string {
    return join(this.state, "parts");
  }

  directoryOf(repository: Repository): string {
    return join(this.root, repository.directory);
  }

  fileOf(file: PackageFile): string {
    return join(this.root, keyOf(file));
  }

  /** Path of a part file without its suffix, for any key. */
  partOf(key: string): string {
    return join(this.parts, key);
  }

  snapshotsOf(repository: Repository): string {
    return join(this.state, "snapshots", repository.directory);
  }
}
