import { isPackageFileName } from "./package_file_name.ts";

/**
 * The files of a repository that change without changing their names, and must match each other.
 */
export type SnapshotMember = "db" | "db.sig" | "files" | "files.sig";

/** What a file in a repository's directory is, judging by its name alone. */
export type RepositoryFileKind =
  | { kind: "package" }
  | { kind: "signature" }
  | { kind: "snapshot"; member: SnapshotMember };

/** Leaves room for the suffixes of a part file within the 255 bytes of a file name. */
const MAX_NAME_LENGTH = 240;

const DATABASE_SUFFIX = /^\.(db|files)(?:\.tar(?:\.(?:gz|bz2|xz|zst|lzo|lrz|lz4|lz|Z))?)?(\.sig)?$/;

/**
 * Classifies a file name in the directory of `repository`; returns null for every name that pacman
 * would not request. Besides `core.db`, the name of the archive to which it links counts as the
 * database (`core.db.tar.gz`), since repo-add creates both.
 */
export function classifyRepositoryFile(
  fileName: string,
  repository: string,
): RepositoryFileKind | null {
  if (fileName.length > MAX_NAME_LENGTH) return null;
  if (fileName.startsWith(repository)) {
    const match = DATABASE_SUFFIX.exec(fileName.slice(repository.length));
    if (match !== null) {
      const [, database, signature = ""] = match;
      return { kind: "snapshot", member: `${database}${signature}` as SnapshotMember };
    }
  }
  if (fileName.endsWith(".sig")) {
    return isPackageFileName(fileName.slice(0, -4)) ? { kind: "signature" } : null;
  }
  return isPackageFileName(fileName) ? { kind: "package" } : null;
}
