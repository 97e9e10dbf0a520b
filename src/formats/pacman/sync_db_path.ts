import { PkgstashError } from "../../errors.ts";
import { isSafeFileName } from "./package_file_name.ts";

/** Where a member of a sync database belongs: the package's folder, and the file when it is one. */
export interface SyncDbPath {
  /** `name-version` */
  folder: string;
  /** `desc`, `depends`, `files` or something else; absent for the folder itself. */
  file?: string;
}

/**
 * Reads the path of a member of a sync database, `name-version/` or `name-version/file`.
 *
 * Source: `load_pkg_for_entry` in pacman's lib/libalpm/be_sync.c.
 * @throws {PkgstashError} kind "content", for every other path: absolute, with `..` or `.`, outside of
 * a package's folder, or one folder too deep.
 */
export function parseSyncDbPath(path: string, type: "file" | "directory"): SyncDbPath {
  const trimmed = type === "directory" && path.endsWith("/") ? path.slice(0, -1) : path;
  const segments = trimmed.split("/");
  if (!segments.every(isSafeFileName)) {
    throw refused(path, "absolute paths, names that start with a dot and control characters are");
  }
  const [folder, file, ...deeper] = segments;
  if (folder !== undefined && deeper.length === 0) {
    if (type === "directory" && file === undefined) return { folder };
    if (type === "file" && file !== undefined) return { folder, file };
  }
  if (file === undefined) throw refused(path, "files outside of a package's folder are");
  throw refused(
    path,
    `packages must be at the top of the archive, and folders inside ${JSON.stringify(folder)} are`,
  );
}

function refused(path: string, reason: string): PkgstashError {
  const shown = JSON.stringify(path.length > 300 ? `${path.slice(0, 300)}...` : path);
  return new PkgstashError("content", `Cannot read the sync database: ${shown}: ${reason} refused`);
}
