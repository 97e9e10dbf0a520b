import { isPackageFileName } from "./package_file_name.ts";

/** The four files of a repository that change under one name and belong together. */
export type SnapshotMember = "db" | "db.sig" | "files" | "files.sig";

/** What a file in a repository's directory is, told from its name alone. */
export type RepositoryFileKind =
  | { kind: "package" }
  | { kind: "signature" }
  | { kind: "snapshot"; member: SnapshotMember };

/** Leaves room for the suffixes of a part file within the 255 bytes of a file name. */
const LONGEST_NAME = 240;

const DATABASE_SUFFIX = /^\.(db|files)(?:\.tar(?:\.(?:gz|bz2|xz|zst|lzo|lrz|lz4|lz|Z))?)?(\.sig)?$/;

/**
 * Classifies a file name of the repository `repository`; null for every name that pacman would not
 * ask for. The database goes by `core.db` and by the name of the archive behind that link
 * (`core.db.tar.gz`), as repo-add leaves both.
 */
export function classifyRepositoryFile(
  fileName: string,
  repository: string,
): RepositoryFileKind | null {
  if (fileName.length > LONGEST_NAME) return null;
  if (fileName.startsWith(repository)) {
    const match = DATABASE_SUFFIX.exec(fileName.slice(repository.length));
    if (match !== null) {
      const member = (match[1]! + (match[2] ?? "")) as SnapshotMember;
      return { kind: "snapshot", member };
    }
  }
  if (fileName.endsWith(".sig")) {
    return isPackageFileName(fileName.slice(0, -4)) ? { kind: "signature" } : null;
  }
  return isPackageFileName(fileName) ? { kind: "package" } : null;
}
