import { fromFileUrl, join, relative } from "@std/path";

/** The folder of real databases and packages, which is beside the project if it is there. */
export const REAL_DATA: string = fromFileUrl(new URL("../../../shared/data", import.meta.url));

/** Whether that folder is missing. Tests of real data are then ignored. */
export const REAL_DATA_MISSING: boolean = !exists(REAL_DATA);

/** A suffix for the names of tests that need real data, which says why they are ignored. */
export const REAL_DATA_NOTE: string = REAL_DATA_MISSING
  ? " (ignored: ../shared/data is missing)"
  : "";

/** A database that pacman does not load either. */
export const MALFORMED_DATABASE = "databases/malformed-archweb/core.db.tar.gz";

/**
 * Paths of the real databases, relative to the folder: all of `databases/` except the malformed one,
 * those of the mirror, and every tenth revision of the history, including files databases.
 */
export function realDatabases(): string[] {
  if (REAL_DATA_MISSING) return [];
  return [...walk(REAL_DATA)].map((path) => relative(REAL_DATA, path))
    .filter((path) => /\.(db|files)(\.tar\.(gz|xz))?$/.test(path) && path !== MALFORMED_DATABASE)
    // The links of the mirror are stored as small text files.
    .filter((path) => !path.startsWith("mirror-armv7h/") || path.endsWith(".tar.gz"))
    .filter((path) => !path.startsWith("history/") || /\/\d\d0\//.test(path))
    .sort();
}

/** The content of a file of the folder. */
export async function realBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(join(REAL_DATA, path));
}

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* walk(path);
    else if (isFile) yield path;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
