import { join } from "@std/path";
import type { ExtraFile } from "../../repositories/extra_file.ts";
import { keyOf, type PackageFile, type Repository } from "../../repositories/repository.ts";

/**
 * The tree on disk:
 *
 *     <cache_root>/
 *       core/os/x86_64/                 as on a mirror: packages and signatures
 *       .pkgstash/
 *         VERSION                       version of this tree
 *         index.sqlite                  cached, used, wished-for and pinned packages
 *         last-refresh                  its mtime: the last refresh of all databases
 *         last-verification             its mtime: the last verification of all packages
 *         lock                          held by the running daemon
 *         refused-beginnings.json       files whose wrong beginning clients may hold
 *         parts/core/os/x86_64/         unfinished downloads
 *           NAME.part                     the bytes received
 *           NAME.json                     the sidecar: which file they belong to
 *         extra/iso/latest/             files of extra_paths
 *           NAME.DIGITS                   the bytes
 *           NAME.record                   names the bytes, with the rules for their use
 *         quarantine/core/os/x86_64/    damaged or wrong cached files
 *           NAME.TIME                     set aside at TIME, in milliseconds since the epoch
 *         snapshots/core/os/x86_64/     databases
 *           current.json                  names the members of the published snapshot
 *           GENERATION-core.db ...        its members, and those of earlier snapshots
 *         kept/core/os/x86_64/          databases at the end of a day, for views
 *           GENERATION.json               when a snapshot was served, and its members
 *           GENERATION-core.db ...        its members
 *
 * A name that begins with a dot is never served, so no request reaches `.pkgstash`.
 */
export class CacheLayout {
  /** Everything except packages and their signatures. */
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

  get lastVerification(): string {
    return join(this.state, "last-verification");
  }

  get refusedBeginnings(): string {
    return join(this.state, "refused-beginnings.json");
  }

  get parts(): string {
    return join(this.state, "parts");
  }

  /** The files of `extra_paths`, by their paths for clients. */
  get extra(): string {
    return join(this.state, "extra");
  }

  extraDirectoryOf({ repository }: ExtraFile): string {
    return join(this.extra, repository.directory);
  }

  get quarantine(): string {
    return join(this.state, "quarantine");
  }

  directoryOf(repository: Repository): string {
    return join(this.root, repository.directory);
  }

  fileOf(file: PackageFile): string {
    return join(this.root, keyOf(file));
  }

  /** Path of the part file of a key, without its suffix. */
  partOf(key: string): string {
    return join(this.parts, key);
  }

  get snapshots(): string {
    return join(this.state, "snapshots");
  }

  get kept(): string {
    return join(this.state, "kept");
  }

  keptOf(repository: Repository): string {
    return join(this.kept, repository.directory);
  }

  snapshotsOf(repository: Repository): string {
    return join(this.snapshots, repository.directory);
  }
}
