import { readSyncDb } from "../formats/pacman/sync_db.ts";

/** What a database says of one of its files. */
export interface Expectation {
  size: number | null;
  /** Lower-case hexadecimal, or null when the database has none. */
  sha256: string | null;
}

/** What a database says of its package files. */
export interface PackageIndex {
  readonly packages: ReadonlyMap<string, Expectation>;
  /** The file names for which it carries a signature (%PGPSIG%). */
  readonly signed: ReadonlySet<string>;
  /** The latest %BUILDDATE%, in milliseconds since the epoch; null if there is none. */
  readonly newestBuildDate: number | null;
}

/** Reads a database from disk; throws `content` if it is not one that pacman could use. */
export async function readPackageIndex(path: string): Promise<PackageIndex> {
  using file = await Deno.open(path);
  const packages = new Map<string, Expectation>();
  const signed = new Set<string>();
  let newestBuildDate: number | null = null;
  for await (const entry of readSyncDb(file.readable)) {
    packages.set(entry.fileName, {
      size: entry.compressedSize ?? null,
      sha256: entry.sha256sum ?? null,
    });
    if (entry.pgpSignature !== undefined) signed.add(entry.fileName);
    if (entry.buildDate !== undefined) {
      newestBuildDate = Math.max(newestBuildDate ?? 0, entry.buildDate * 1000);
    }
  }
  return { packages, signed, newestBuildDate };
}

/** Reads a database or file list to its end; throws `content` if that cannot be done. */
export async function checkArchive(path: string): Promise<void> {
  using file = await Deno.open(path);
  for await (const _ of readSyncDb(file.readable));
}

/** The signature that a database carries for a package file (%PGPSIG%), or null. */
export async function findEmbeddedSignature(
  databasePath: string,
  fileName: string,
): Promise<Uint8Array | null> {
  using file = await Deno.open(databasePath);
  for await (const entry of readSyncDb(file.readable)) {
    if (entry.fileName !== fileName) continue;
    return entry.pgpSignature === undefined ? null : decode(entry.pgpSignature);
  }
  return null;
}

function decode(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
