import type { Config, UpstreamConfig } from "../config/config.ts";
import {
  classifyRepositoryFile,
  type RepositoryFileKind,
  type SnapshotMember,
} from "../formats/pacman/repository_file_name.ts";
import { expandServer } from "../formats/pacman/mirrorlist.ts";

/** One repository for one architecture: a directory of the mirror. */
export interface Repository {
  readonly upstream: string;
  readonly name: string;
  readonly architecture: string;
  /** Where clients find it and where the cache holds it, like `core/os/x86_64`. */
  readonly directory: string;
}

/** A package or the signature of one. */
export interface PackageFile {
  readonly repository: Repository;
  readonly fileName: string;
  readonly kind: "package" | "signature";
}

/** A member of a repository's snapshot: its database, file list, or the signature of either. */
export interface SnapshotFile {
  readonly repository: Repository;
  readonly fileName: string;
  readonly kind: "snapshot";
  readonly member: SnapshotMember;
}

export type RepositoryFile = PackageFile | SnapshotFile;

/**
 * The name of a file everywhere in pkgstash: its path below the server's root, such as
 * `core/os/x86_64/core.db`.
 */
export function keyOf(
  { repository, fileName }: Pick<RepositoryFile, "repository" | "fileName">,
): string {
  return fileKey(repository.directory, fileName);
}

/** `keyOf` of a file of which only the repository's directory is known. */
export function fileKey(directory: string, fileName: string): string {
  return `${directory}/${fileName}`;
}

export function withKind(
  repository: Repository,
  fileName: string,
  kind: RepositoryFileKind,
): RepositoryFile {
  return { repository, fileName, ...kind };
}

/**
 * Every directory that the configuration gives to clients. A path is served only if its directory
 * is one of these, letter for letter, so no path can lead anywhere else.
 */
export class RepositoryTree {
  readonly #byDirectory = new Map<string, Repository>();
  /** Directories that hold other directories, each with the names in it. */
  readonly #parents = new Map<string, Set<string>>();

  constructor(config: Pick<Config, "upstreams">) {
    for (const upstream of config.upstreams) this.#add(upstream);
  }

  #add(upstream: UpstreamConfig): void {
    for (const name of upstream.repositories) {
      for (const architecture of upstream.architectures) {
        const directory = expandServer(upstream.clientPath, name, architecture);
        this.#byDirectory.set(directory, {
          upstream: upstream.name,
          name,
          architecture,
          directory,
        });
        const segments = directory.split("/");
        for (let depth = 0; depth < segments.length; depth++) {
          const parent = segments.slice(0, depth).join("/");
          const children = this.#parents.get(parent) ?? new Set();
          this.#parents.set(parent, children.add(segments[depth]!));
        }
      }
    }
  }

  get repositories(): Iterable<Repository> {
    return this.#byDirectory.values();
  }

  repositoryAt(directory: string): Repository | null {
    return this.#byDirectory.get(directory) ?? null;
  }

  /** The names below a directory that is not itself a repository; null where there is none. */
  childrenOf(directory: string): string[] | null {
    const children = this.#parents.get(directory);
    return children === undefined ? null : [...children].sort();
  }

  /** The file that a decoded path without its leading slash names, or null. */
  fileAt(path: string): RepositoryFile | null {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return null;
    const repository = this.#byDirectory.get(path.slice(0, slash));
    if (repository === undefined) return null;
    const fileName = path.slice(slash + 1);
    const kind = classifyRepositoryFile(fileName, repository.name);
    return kind === null ? null : withKind(repository, fileName, kind);
  }
}
