import { fromFileUrl, join, relative } from "@std/path";

/** The folder of real databases and tables that lies beside the project. */
export const REAL_DATA: string = fromFileUrl(new URL("../../../shared/data", import.meta.url));

/** Whether that folder is missing; tests of real data are then ignored, and their names say so. */
export const REAL_DATA_MISSING: boolean = !exists(REAL_DATA);

/** What to append to the name of a test that needs real data. */
export const REAL_DATA_NOTE: string = REAL_DATA_MISSING
  ? " (ignored: ../shared/data is missing)"
  : "";

/** A database that pacman itself does not load. */
export const MALFORMED_DATABASE = "databases/malformed-archweb/core.db.tar.gz";

/**
 * The real databases, relative to the folder: all of `databases/` but the malformed one, those of
 * the mirror, and every tenth revision of the history, with their files databases.
 */
export function realDatabases(): string[] {
  if (REAL_DATA_MISSING) return [];
  return [...walk(REAL_DATA)].map((path) => relative(REAL_DATA, path))
    .filter((path) => /\.(db|files)(\.tar\.(gz|xz))?$/.test(path) && path !== MALFORMED_DATABASE)
    // A link that was stored as a small text file.
    .filter((path) => !path.startsWith("mirror-armv7h/") || path.endsWith(".tar.gz"))
    .filter((path) => !path.startsWith("history/") || /\/\d\d0\//.test(path))
    .sort();
}

/** One of the files, as bytes. */
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
