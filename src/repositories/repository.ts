import type { Config, UpstreamConfig } from "../config/config.ts";
import {
  classifyRepositoryFile,
  type RepositoryFileKind,
  type SnapshotMember,
} from "../formats/pacman/repository_file_name.ts";
import { expandServer } from "../formats/pacman/mirrorlist.ts";
import { isSafeFileName } from "../formats/pacman/package_file_name.ts";
import { RESERVED_SEGMENTS } from "../config/client_paths.ts";
import { type ExtraFile, ExtraPaths } from "./extra_file.ts";

/** Leaves room for suffixes on disk. */
const MAX_EXTRA_NAME_LENGTH = 200;

/** One repository for one architecture. */
export interface Repository {
  /** Name of the upstream that it is copied from; "" for an own repository. */
  readonly upstream: string;
  /** Value of `$repo`, such as `core`. */
  readonly name: string;
  /** Value of `$arch`, such as `x86_64`. */
  readonly architecture: string;
  /** Its path, both for clients and in the cache, such as `core/os/x86_64`. */
  readonly directory: string;
}

/** Whether it is an own repository rather than a copy. */
export function isOwn({ upstream }: Pick<Repository, "upstream">): boolean {
  return upstream === "";
}

/** A package, or the signature of one. */
export interface PackageFile {
  readonly repository: Repository;
  readonly fileName: string;
  readonly kind: "package" | "signature";
}

/** A member of a repository's snapshot: the database, the file list, or the signature of either. */
export interface SnapshotFile {
  readonly repository: Repository;
  readonly fileName: string;
  readonly kind: "snapshot";
  readonly member: SnapshotMember;
}

/** Any file served from a repository. */
export type RepositoryFile = PackageFile | SnapshotFile;

/**
 * The name of a file throughout pkgstash: its path below the server's root, such as
 * `core/os/x86_64/core.db`.
 */
export function keyOf(
  { repository, fileName }: Pick<RepositoryFile, "repository" | "fileName">,
): string {
  return fileKey(repository.directory, fileName);
}

/** `keyOf` for a file of which only the repository's directory is known. */
export function fileKey(directory: string, fileName: string): string {
  return directory === "" ? fileName : `${directory}/${fileName}`;
}

/** The file with this name, of the kind that the name implies. */
export function withKind(
  repository: Repository,
  fileName: string,
  kind: RepositoryFileKind,
): RepositoryFile {
  return { repository, fileName, ...kind };
}

/**
 * All repositories of the configuration, by directory. A path is served only if its directory is
 * literally one of these, so no path can lead anywhere else.
 */
export class RepositoryTree {
  readonly #byDirectory = new Map<string, Repository>();
  /** Every directory above a repository, with the names in it. */
  readonly #parents = new Map<string, Set<string>>();

  /** Those of the main upstream last: only it has no directory of its own. */
  readonly #extraPaths: readonly ExtraPaths[];

  /** The repositories of a configuration, or own ones. */
  constructor(config: Pick<Config, "upstreams">, own: Iterable<Repository> = []) {
    for (const upstream of config.upstreams) this.#addAll(upstream);
    for (const repository of own) this.#add(repository);
    this.#extraPaths = config.upstreams.filter(({ extraPaths }) => extraPaths.length > 0)
      .map((upstream) => new ExtraPaths(upstream)).reverse();
  }

  #addAll(upstream: UpstreamConfig): void {
    for (const name of upstream.repositories) {
      for (const architecture of upstream.architectures) {
        const directory = expandServer(upstream.clientPath, name, architecture);
        this.#add({ upstream: upstream.name, name, architecture, directory });
      }
    }
  }

  #add(repository: Repository): void {
    const { directory } = repository;
    this.#byDirectory.set(directory, repository);
    const segments = directory.split("/");
    for (const [depth, segment] of segments.entries()) {
      const parent = segments.slice(0, depth).join("/");
      const children = this.#parents.get(parent) ?? new Set();
      this.#parents.set(parent, children.add(segment));
    }
  }

  get repositories(): Iterable<Repository> {
    return this.#byDirectory.values();
  }

  repositoryAt(directory: string): Repository | null {
    return this.#byDirectory.get(directory) ?? null;
  }

  /** The names in a directory above repositories, sorted; null if there is no such directory. */
  childrenOf(directory: string): string[] | null {
    const children = this.#parents.get(directory);
    return children === undefined ? null : [...children].sort();
  }

  /** The file at a decoded path without leading slash; null if there can be none. */
  fileAt(path: string): RepositoryFile | null {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return null;
    const repository = this.#byDirectory.get(path.slice(0, slash));
    if (repository === undefined) return null;
    const fileName = path.slice(slash + 1);
    const kind = classifyRepositoryFile(fileName, repository.name);
    return kind === null ? null : withKind(repository, fileName, kind);
  }

  /**
   * The file outside the repositories at a decoded path without leading slash; null if there can be
   * none. Paths in or above a repository's directory, and the server's own paths, are excluded.
   */
  extraAt(path: string): ExtraFile | null {
    const segments = path.split("/");
    const [first = ""] = segments;
    if (RESERVED_SEGMENTS.includes(first) || !segments.every(isSafeFileName)) return null;
    if (path.endsWith("/") || (segments.at(-1)?.length ?? 0) > MAX_EXTRA_NAME_LENGTH) return null;
    const isInRepository = segments.some((_, depth) =>
      this.#byDirectory.has(segments.slice(0, depth + 1).join("/"))
    );
    if (isInRepository || this.#parents.has(path)) return null;
    for (const extraPaths of this.#extraPaths) {
      const file = extraPaths.fileAt(path);
      if (file !== null) return file;
    }
    return null;
  }
}
